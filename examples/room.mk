# the example company and its stand-in tools
EXTRA_DIST += docs/examples.md nginx/tools.conf.in \
	examples/apis/fleet.yaml \
	examples/apis/passenger.yaml \
	examples/apis/platform.yaml \
	examples/catalog.yaml \
	examples/components/boarding.yaml \
	examples/components/fleet.yaml \
	examples/components/platform.yaml \
	examples/components/storefront.yaml \
	examples/components/ticketing.yaml \
	examples/harbour/apis.yaml \
	examples/harbour/catalog.yaml \
	examples/harbour/components.yaml \
	examples/harbour/landscape.yaml \
	examples/harbour/org.yaml \
	examples/harbour/resources.yaml \
	examples/landscape/domains.yaml \
	examples/landscape/systems.yaml \
	examples/org/groups.yaml \
	examples/org/people.yaml \
	examples/resources/resources.yaml \
	examples/templates/library/skeleton/catalog-info.yaml \
	examples/templates/library/template.yaml \
	examples/templates/service/skeleton/catalog-info.yaml \
	examples/templates/service/template.yaml \
	examples/tools/jenkins/401.html \
	examples/tools/jenkins/403.html \
	examples/tools/jenkins/404.html \
	examples/tools/jenkins/500.html \
	examples/tools/jenkins/builds.awk \
	examples/tools/jenkins/jobs.tsv \
	examples/tools/jenkins/page.html \
	examples/tools/make \
	examples/tools/sonarqube/page.html \
	examples/tools/sonarqube/projects.tsv \
	examples/tools/sonarqube/quality.awk
