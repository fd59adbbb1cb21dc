# scm: floor 2, reading code hosts
libcallboard_la_SOURCES += \
	src/scm/azure.c \
	src/scm/bitbucket.c \
	src/scm/codeowners.c src/scm/codeowners.h \
	src/scm/fill.c \
	src/scm/git.c src/scm/git.h src/scm/git_priv.h \
	src/scm/git_clone.c \
	src/scm/git_run.c \
	src/scm/git_tree.c \
	src/scm/gitea.c \
	src/scm/github.c \
	src/scm/github_app.c \
	src/scm/gitlab.c \
	src/scm/infer.c src/scm/infer.h src/scm/infer_priv.h \
	src/scm/infer_api.c \
	src/scm/infer_component.c \
	src/scm/infer_say.c \
	src/scm/match.c \
	src/scm/org.c \
	src/scm/read.c \
	src/scm/repos.c \
	src/scm/scm.c src/scm/scm.h src/scm/scm_priv.h \
	src/scm/url.c
