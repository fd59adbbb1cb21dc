# SPDX-License-Identifier: Apache-2.0
#
# builds.awk - jobs, builds and folders as Jenkins tells them.
#
# Written after the remote access API of Jenkins 2.4xx (jenkins.io, "Remote
# Access API"; <controller>/job/<name>/api/) with the plugins Folders, Pipeline,
# Git and JUnit.  Path and fields are those of
#
#   /job/<folder>/job/<name>/api/json?tree=...   job with its last eight builds
#   /job/<folder>/job/<name>/<number>/api/json   one build, also lastBuild
#   /job/<folder>/api/json, /api/json            what a folder, the root holds
#
# Unlike Jenkins, these answers pay no heed to `tree`: they always carry all.
#
# Reads jobs.tsv, then one job name a line.  With step=dirs prints the folders
# that are needed; with step=files writes the files.  Large numbers go through
# %.0f: awk may print them as 1.76412e+12 otherwise.

BEGIN {
	FS = "\t"
	for (i = 1; i < 256; i++)
		code[sprintf("%c", i)] = i
	split("SUCCESS FAILURE UNSTABLE ABORTED", word, " ")
	split("blue red yellow aborted", shade, " ")
	split("tomas-verel amara-okoye jun-hayashi nadia-elsayed", who, " ")
}

# A number below 2^31 that depends on the text alone.
function hash(text,    h, i)
{
	h = 5381
	for (i = 1; i <= length(text); i++)
		h = (h * 33 + code[substr(text, i, 1)]) % 2147483647
	for (i = 0; i < 3; i++) # so that names that differ by a letter part ways
		h = (h * 48271 + 11) % 2147483647
	return h
}

function between(text, low, high)
{
	return low + hash(text) % (high - low + 1)
}

function sha1_of(text,    i, s)
{
	for (i = 0; i < 5; i++)
		s = s sprintf("%08x", hash(text "/" i))
	return s
}

function job_path(full,    p)
{
	p = full
	gsub("/", "/job/", p)
	return "job/" p
}

function cause_of(kind, seed,    user)
{
	if (kind == "timer")
		return "{\"_class\":\"hudson.triggers.TimerTrigger$TimerTriggerCause\",\"shortDescription\":\"Started by timer\"}"
	if (kind == "user") {
		user = who[between(seed, 1, 4)]
		return "{\"_class\":\"hudson.model.Cause$UserIdCause\",\"shortDescription\":\"Started by user " user "\",\"userId\":\"" user "\",\"userName\":\"" user "\"}"
	}
	return "{\"_class\":\"jenkins.branch.BranchEventCause\",\"shortDescription\":\"Push event to branch main\"}"
}

function revision(sha)
{
	return "{\"SHA1\":\"" sha "\",\"branch\":[{\"SHA1\":\"" sha "\",\"name\":\"main\"}]}"
}

function actions_of(full, name, number, state, cause,    sha, failed, total, s)
{
	sha = sha1_of(full "#" number)
	total = between(full, 120, 1900)
	failed = state == "U" ? between(full number, 1, 9) : 0
	s = "[{\"_class\":\"hudson.model.CauseAction\",\"causes\":[" cause_of(cause, full number) "]},{}"
	s = s ",{\"_class\":\"hudson.plugins.git.util.BuildData\",\"buildsByBranchName\":{\"main\":{\"_class\":\"hudson.plugins.git.util.Build\",\"buildNumber\":" number ",\"buildResult\":null,\"marked\":" revision(sha) ",\"revision\":" revision(sha) "}}"
	s = s ",\"lastBuiltRevision\":" revision(sha) ",\"remoteUrls\":[\"https://github.com/ondry-line/" name ".git\"],\"scmName\":\"\"}"
	if (state == "S" || state == "U")
		s = s ",{\"_class\":\"hudson.tasks.junit.TestResultAction\",\"failCount\":" failed ",\"skipCount\":" between(name, 0, 5) ",\"totalCount\":" total ",\"urlName\":\"testReport\"}"
	return s "]"
}

# One build.  Its age is a little more than that of the build after it, so
# that newer builds never begin earlier than older ones.
function build_of(full, name, number, state, cause, age,    usual, took, at, s)
{
	usual = between(full "usual", 95, 780) * 1000
	took = usual + between(full number "took", 0, 60000) - 30000
	if (state == "F")
		took = usual * between(full number, 20, 80) / 100
	at = url "/" job_path(full) "/" number "/"
	s = "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowRun\",\"actions\":" actions_of(full, name, number, state, cause)
	s = s ",\"artifacts\":[],\"building\":" (state == "B" ? "true" : "false") ",\"description\":null,\"displayName\":\"#" number "\""
	s = s ",\"duration\":" (state == "B" ? "0" : sprintf("%.0f", took)) ",\"estimatedDuration\":" sprintf("%.0f", usual) ",\"executor\":" (state == "B" ? "{}" : "null")
	s = s ",\"fullDisplayName\":\"" shown(full) " #" number "\",\"id\":\"" number "\",\"keepLog\":false,\"number\":" number ",\"queueId\":" (10000 + number)
	s = s ",\"result\":" (state == "B" ? "null" : "\"" word[index("SFUA", state)] "\"") ",\"timestamp\":" sprintf("%.0f", (now - age) * 1000 + hash(full number) % 1000)
	return s ",\"url\":\"" at "\",\"changeSets\":[],\"culprits\":[],\"inProgress\":" (state == "B" ? "true" : "false") "}"
}

function shown(full,    s)
{
	s = full
	gsub("/", " » ", s)
	return s
}

function save(path, text,    file)
{
	if (step == "dirs") {
		print path
		return
	}
	file = dir "/" path "/json"
	print text >file
	close(file)
}

function ref(full, number)
{
	if (number == "")
		return "null"
	return "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowRun\",\"number\":" number ",\"url\":\"" url "/" job_path(full) "/" number "/\"}"
}

# Newest build whose state is one of `states`.
function newest(states, last, runs,    i)
{
	for (i = 1; i <= length(runs); i++)
		if (index(states, substr(runs, i, 1)))
			return last - i + 1
	return ""
}

function colour_of(runs,    first)
{
	first = substr(runs, 1, 1)
	if (first == "")
		return "notbuilt"
	if (first == "B")
		return shade[index("SFUA", substr(runs, 2, 1))] "_anime"
	return shade[index("SFUA", first)]
}

function health_of(runs,    bad, n)
{
	n = length(runs)
	if (n == 0)
		return "[]"
	bad = gsub(/F/, "F", runs)
	return "[{\"description\":\"Build stability: " bad " out of the last " n " builds failed.\",\"iconClassName\":\"icon-health-" (bad * 4 > n ? "20to39" : "80plus") "\",\"score\":" int(100 - bad * 100 / n) "}]"
}

function write_job(full, runs, cause,    parts, name, n, i, last, age, one, list, s, path)
{
	n = split(full, parts, "/")
	name = parts[n]
	path = job_path(full)
	last = between(full "last", 60, 900)
	age = substr(runs, 1, 1) == "B" ? between(full, 20, 90) : between(full "age", 400, 40000)
	for (i = 1; i <= length(runs); i++) {
		one = build_of(full, name, last - i + 1, substr(runs, i, 1), i == 1 ? cause : "push", age)
		list = list (i > 1 ? "," : "") one
		save(path "/" (last - i + 1) "/api", one)
		if (i == 1)
			save(path "/lastBuild/api", one)
		age += cause == "timer" ? 86400 : between(full i, 3000, 90000)
	}
	if (runs == "")
		last = ""
	s = "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowJob\",\"actions\":[{}],\"description\":\"\",\"displayName\":\"" name "\",\"fullDisplayName\":\"" shown(full) "\",\"fullName\":\"" full "\",\"name\":\"" name "\",\"url\":\"" url "/" path "/\",\"buildable\":true"
	s = s ",\"builds\":[" list "],\"color\":\"" colour_of(runs) "\",\"firstBuild\":" ref(full, runs == "" ? "" : last - length(runs) + 1) ",\"healthReport\":" health_of(runs) ",\"inQueue\":false,\"keepDependencies\":false"
	s = s ",\"lastBuild\":" (runs == "" ? "null" : build_first(list)) ",\"lastCompletedBuild\":" ref(full, newest("SFUA", last, runs)) ",\"lastFailedBuild\":" ref(full, newest("F", last, runs)) ",\"lastStableBuild\":" ref(full, newest("S", last, runs))
	s = s ",\"lastSuccessfulBuild\":" ref(full, newest("SU", last, runs)) ",\"lastUnstableBuild\":" ref(full, newest("U", last, runs)) ",\"lastUnsuccessfulBuild\":" ref(full, newest("FUA", last, runs)) ",\"nextBuildNumber\":" (last + 1) ",\"property\":[],\"queueItem\":null}"
	save(path "/api", s)
	enter(full, colour_of(runs))
}

# The first of a list of builds: builds end in their only "inProgress".
function build_first(list,    at)
{
	at = index(list, "\"inProgress\":")
	return substr(list, 1, at + index(substr(list, at), "}") - 1)
}

# Makes a job known to its folder, and the folder to the one above it.
function enter(full, colour,    parts, n, i, above, below)
{
	n = split(full, parts, "/")
	above = ""
	for (i = 1; i <= n; i++) {
		below = above (i > 1 ? "/" : "") parts[i]
		if (!((above, below) in known)) {
			known[above, below] = 1
			held[above] = held[above] (held[above] == "" ? "" : ",") item(below, parts[i], i == n ? colour : "")
		}
		above = below
	}
}

function item(full, name, colour,    kind)
{
	kind = colour == "" ? "com.cloudbees.hudson.plugins.folder.Folder" : "org.jenkinsci.plugins.workflow.job.WorkflowJob"
	return "{\"_class\":\"" kind "\",\"name\":\"" name "\",\"url\":\"" url "/" job_path(full) "/\"" (colour == "" ? "" : ",\"color\":\"" colour "\"") "}"
}

/^#/ || NF == 0 {
	next
}

FNR == NR {
	state[$1] = $2
	started[$1] = $3
	next
}

{
	runs = ($1 in state) ? state[$1] : substr("SSSFSSSSUSSSSSSSS", between($1 "runs", 1, 9), 8)
	if (runs == "gone")
		next
	write_job($1, runs == "none" ? "" : runs, started[$1] == "" ? "push" : started[$1])
}

END {
	for (folder in held) {
		if (folder == "") {
			save("api", "{\"_class\":\"hudson.model.Hudson\",\"mode\":\"NORMAL\",\"nodeDescription\":\"the Jenkins controller's built-in node\",\"jobs\":[" held[""] "],\"url\":\"" url "/\",\"useSecurity\":true}")
			continue
		}
		n = split(folder, parts, "/")
		save(job_path(folder) "/api", "{\"_class\":\"com.cloudbees.hudson.plugins.folder.Folder\",\"actions\":[{}],\"description\":null,\"displayName\":\"" parts[n] "\",\"fullDisplayName\":\"" shown(folder) "\",\"fullName\":\"" folder "\",\"name\":\"" parts[n] "\",\"url\":\"" url "/" job_path(folder) "/\",\"healthReport\":[],\"jobs\":[" held[folder] "]}")
	}
}
