#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# test_tools.sh - the stand-in tools through a real nginx.
#
# Writes the answers of the example company into a private folder, starts an
# nginx of its own on a socket there, and asks it what the plugins ask.  Needs
# nginx, curl and one of jq, node or python3 to read JSON with.
set -eu
umask 022

top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/cb-tools.XXXXXX")
chmod 755 "$dir"
passed=0
failed=0
pid=

finish() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || :
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

PATH=$PATH:/usr/sbin:/sbin
for need in nginx curl; do
	command -v $need >/dev/null || {
		echo "test_tools: $need is missing" >&2
		exit 1
	}
done

if command -v jq >/dev/null; then
	is_json() { jq -e . "$1" >/dev/null 2>&1; }
elif command -v node >/dev/null; then
	is_json() { node -e 'JSON.parse(require("fs").readFileSync(process.argv[1]))' "$1" 2>/dev/null; }
else
	is_json() { python3 -m json.tool <"$1" >/dev/null 2>&1; }
fi

check() { # check WHAT COMMAND...
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: $what"
		echo "  status $status, header and start of body:"
		sed 's/^/  /' "$dir/head" | tr -d '\r'
		head -c 300 "$dir/body" | sed 's/^/  /'
		echo
	fi
}

# Asks for a path below /.tools; leaves status, $dir/head and $dir/body.
ask() {
	path=$1
	shift
	: >"$dir/head"
	: >"$dir/body"
	status=$(curl -s --globoff --max-time 20 --unix-socket "$dir/sock" \
	    -D "$dir/head" -o "$dir/body" -w '%{http_code}' "$@" \
	    "http://tools.example/.tools$path") || :
}
jenkins() { ask "/jenkins$1" -u callboard:stand-in-token; }
sonar() { ask "/sonarqube/api/$1" -u stand-in-token:; }

is() { [ "$status" = "$1" ]; }
says() { grep -qF -- "$1" "$dir/body"; }
is_with() { is "$1" && says "$2"; }
header() { tr -d '\r' <"$dir/head" | grep -qixF -- "$1"; }
json() { is 200 && header "$1" && is_json "$dir/body"; }
json_type='Content-Type: application/json'
jenkins_type='Content-Type: application/json;charset=utf-8'

# --- generated twice for one time: equal; bad time: refused ------------------
status=- && : >"$dir/head" && : >"$dir/body"
make=$top/examples/tools/make
"$make" "$dir/one" http://tools.example/.tools 1900000000
"$make" "$dir/two" http://tools.example/.tools 1900000000
check 'one time gives one answer' diff -r "$dir/one" "$dir/two"
"$make" "$dir/two" http://tools.example/.tools 1900000600
check 'another time gives another' sh -c "! diff -rq '$dir/one' '$dir/two' >/dev/null"
check 'a second run leaves nothing behind' \
    [ "$(find "$dir/two" -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
"$make" "$dir/two" url noon 2>"$dir/body" && status=0 || status=$?
check 'a time that is none is refused' is_with 2 "NOW is 'noon'"

# --- start --------------------------------------------------------------------
now=$(date +%s)
tools="$dir/a place"
"$make" "$tools" http://tools.example/.tools "$now"
sed "s|@TOOLS_DIR@|$tools|g" "$top/nginx/tools.conf.in" >"$dir/tools.conf"
cat >"$dir/nginx.conf" <<END
daemon off;
master_process off;
pid $dir/pid;
error_log $dir/error.log;
events { }
http {
    access_log off;
    client_body_temp_path $dir/t1;
    proxy_temp_path $dir/t2;
    fastcgi_temp_path $dir/t3;
    uwsgi_temp_path $dir/t4;
    scgi_temp_path $dir/t5;
    server {
        listen unix:$dir/sock;
        ssi on;
        auth_basic "theirs";
        auth_basic_user_file /nonexistent;
        error_page 404 500 = /theirs;
        include $dir/tools.conf;
    }
}
END
if ! nginx -t -q -c "$dir/nginx.conf" -e "$dir/error.log" -p "$dir" 2>"$dir/body"; then
	cat "$dir/body" "$dir/error.log" >&2
	exit 1
fi
nginx -c "$dir/nginx.conf" -e "$dir/error.log" -p "$dir" &
pid=$!
tries=0
until [ -S "$dir/sock" ] && ask / && [ "$status" != 000 ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || {
		cat "$dir/error.log" >&2
		exit 1
	}
	sleep 0.05
done

# --- Jenkins ------------------------------------------------------------------
jenkins '/job/passenger/job/booking-desk/api/json?tree=name,builds[number,result]{0,8}'
check 'a job' json "$jenkins_type"
check 'a job says its full name' says '"fullName":"passenger/booking-desk"'
check 'a job has eight builds' [ "$(grep -o '"inProgress"' "$dir/body" | wc -l)" -eq 9 ]
check 'a job says who made it' grep -qi '^x-jenkins: ' "$dir/head"
check 'an answer is not kept' sh -c "! grep -qiE '^(etag|last-modified):' '$dir/head'"
newest=$(grep -o '"timestamp":[0-9]*' "$dir/body" | head -n 1 | cut -d: -f2)
check 'the newest build is of today or yesterday' \
    [ $((now - newest / 1000)) -ge 0 -a $((now - newest / 1000)) -lt 90000 ]
number=$(grep -o '"number":[0-9]*' "$dir/body" | head -n 1 | cut -d: -f2)
jenkins "/job/passenger/job/booking-desk/$number/api/json"
check 'one build' json "$jenkins_type"
check 'one build has its number' says "\"number\":$number"
jenkins /job/passenger/job/booking-desk/lastBuild/api/json
check 'the last build is that one' says "\"id\":\"$number\""
jenkins /job/passenger/api/json
check 'a folder' json "$jenkins_type"
check 'a folder names its jobs' says '"name":"fare-engine"'
jenkins /api/json
check 'the root' json "$jenkins_type"
jenkins /job/harbourworks/job/berthing/job/lock-gate/api/json
check 'a job in a folder in a folder' json "$jenkins_type"
jenkins /job/passenger/job/fare-engine/api/json
check 'a job that fails' says '"color":"red"'
jenkins /job/passenger/job/gangway-gate/api/json
check 'a job that builds now' says '"building":true'
check 'a build under way has no result' says '"result":null'
jenkins /job/fleet/job/wake-replay/api/json
check 'a job never built' is_with 200 '"builds":[],"color":"notbuilt"'
jenkins /job/fleet/job/watchbill/api/json
check 'a job that is gone' is_with 404 'HTTP ERROR 404 Not Found'
check 'a job that is gone, as HTML' grep -qi '^content-type: text/html' "$dir/head"
jenkins '/job/%2e%2e/job/x/api/json'
check 'a name that climbs' is 404
jenkins '/job/a%0ab/api/json'
check 'a name with a newline' is 404
ask /jenkins/job/passenger/job/booking-desk/api/json
check 'nobody' is_with 403 'Authentication required'
ask /jenkins/job/passenger/job/booking-desk/api/json -u callboard:wrong
check 'a wrong token' is_with 401 'Invalid password'
check 'a wrong token is asked again' header 'WWW-Authenticate: Basic realm="Jenkins"'
ask /jenkins/job/stuck/api/json
check 'faults want the credential too' is 403
ask /jenkins/job/passenger/job/booking-desk/12/
check 'what a browser opens' is_with 200 'No Jenkins here'
ask /.jenkins/answer/job/passenger/api/json -u callboard:stand-in-token
check 'the inner folder is shut' is 404
ask /nothing
check 'an unknown tool' is_with 404 'No such stand-in tool.'

# --- SonarQube ----------------------------------------------------------------
ask /sonarqube/api/system/status
check 'the server runs' is_with 200 '"status":"UP"'
desk=line.ondry.passenger:booking-desk
sonar "qualitygates/project_status?projectKey=$desk"
check 'a gate' json "$json_type"
check 'a gate that is passed' says '"projectStatus":{"status":"OK"'
sonar 'qualitygates/project_status?projectKey=line.ondry.passenger%3Abooking-desk'
check 'a colon written as %3A' json "$json_type"
sonar 'qualitygates/project_status?projectKey=line.ondry.passenger:fare-engine'
check 'a gate that is failed' is_with 200 '"projectStatus":{"status":"ERROR"'
check 'its condition' says '"metricKey":"new_coverage","comparator":"LT","errorThreshold":"80","actualValue":"61.4"'
sonar 'qualitygates/project_status?projectKey=line.ondry.fleet:watchkeeper'
check 'no gate' is_with 200 '"status":"NONE","conditions":[]'
sonar 'qualitygates/project_status?projectKey=harbourworks_berth-planner'
check 'a key without a colon' json "$json_type"
sonar "measures/component?component=$desk&metricKeys=bugs,coverage"
check 'measures' json "$json_type"
for metric in alert_status bugs reliability_rating vulnerabilities security_rating code_smells \
    sqale_rating coverage duplicated_lines_density ncloc security_hotspots_reviewed; do
	check "measure $metric" says "{\"metric\":\"$metric\",\"value\":\""
done
sonar "components/show?component=$desk"
check 'a component' json "$json_type"
check 'a component says when it was analysed' says '"analysisDate":"20'
sonar 'qualitygates/project_status?projectKey=no.such'
check 'an unknown project' is_with 404 "{\"errors\":[{\"msg\":\"Project 'no.such' not found\"}]}"
sonar 'measures/component?component=a%3Ab&metricKeys=bugs'
check 'an unknown component' is_with 404 "{\"errors\":[{\"msg\":\"Component key 'a:b' not found\"}]}"
check 'an unknown component, as JSON' header "$json_type"
sonar 'measures/component?component=line.ondry.fleet:watchbill&metricKeys=bugs'
check 'a project that is gone' is 404
for bad in '../projects' '..%2Fpage' 'a"b' 'a:b:c' '%00'; do
	sonar "measures/component?component=$bad&metricKeys=bugs"
	check "a bad key: $bad" is_with 404 '{"errors":[{"msg":"Component key not found"}]}'
done
sonar qualitygates/project_status
check 'no key' is_with 400 "'projectKey' must be provided"
sonar "measures/component?component=$desk"
check 'no metrics' is_with 400 "The 'metricKeys' parameter is missing"
sonar no/such
check 'an unknown call' is_with 404 'Unknown url : /.tools/sonarqube/api/no/such'
ask "/sonarqube/api/measures/component?component=$desk&metricKeys=bugs"
check 'nobody' is 401
check 'nobody, nothing said' [ ! -s "$dir/body" ]
ask "/sonarqube/api/measures/component?component=$desk&metricKeys=bugs" -u wrong:
check 'a wrong token' is 401
ask "/sonarqube/api/measures/component?component=$desk&metricKeys=bugs" -H 'Authorization: Bearer stand-in-token'
check 'a bearer' json "$json_type"
ask "/sonarqube/dashboard?id=$desk"
check 'what a browser opens' is_with 200 'No SonarQube here'

# --- faults -------------------------------------------------------------------
for tool in jenkins sonar; do
	fault() {
		case $tool in
		jenkins) jenkins "/job/$1/api/json" ;;
		sonar) sonar "qualitygates/project_status?projectKey=$1" ;;
		esac
	}
	fault broken
	check "$tool broken" is 200
	check "$tool broken is no JSON" sh -c "grep -q '^{' '$dir/body' && ! grep -q '}\$' '$dir/body'"
	fault not-json
	check "$tool not-json" is_with 200 'Please sign in'
	check "$tool not-json is HTML" grep -qi '^content-type: text/html' "$dir/head"
	fault huge
	check "$tool huge" is 200
	check "$tool huge is over 2 MiB" [ "$(wc -c <"$dir/body")" -gt 2097152 ]
	fault err500
	check "$tool err500" is 500
	fault rate-limited
	check "$tool rate-limited" is 429
	check "$tool rate-limited says how long" header 'Retry-After: 30'
	fault redirect-private
	check "$tool redirect-private" is 302
	check "$tool redirect-private goes there" header 'Location: http://169.254.169.254/latest/meta-data/'
	from=$(date +%s)
	fault slow
	took=$(($(date +%s) - from))
	check "$tool slow is whole" is_json "$dir/body"
	check "$tool slow took $took s, expected 2 to 12" [ $took -ge 2 -a $took -le 12 ]
done
jenkins /job/err500/api/json
check 'Jenkins breaks in HTML' says 'HTTP ERROR 500'
status=$(curl -s --max-time 2 --unix-socket "$dir/sock" -o "$dir/body" -u callboard:stand-in-token \
    -w '%{http_code}' http://tools.example/.tools/jenkins/job/stuck/api/json) && over=0 || over=$?
check 'stuck does not end' [ "$over" -eq 28 ]

# --- every annotation of the example company is answered ----------------------
annotated() {
	find "$top/examples" -name '*.yaml' ! -path '*/skeleton/*' -exec \
	    sed -n "s|^ *$1: *||p" {} + | sort -u
}
jobs=0
for job in $(annotated 'jenkins\.io/job-full-name'); do
	jobs=$((jobs + 1))
	jenkins "/job/$(echo "$job" | sed 's|/|/job/|g')/api/json"
	if [ "$job" = fleet/watchbill ]; then
		check "job $job" is 404
	else
		check "job $job" json "$jenkins_type"
	fi
done
check 'there are jobs' [ $jobs -gt 20 ]
projects=0
for key in $(annotated 'sonarqube\.org/project-key'); do
	projects=$((projects + 1))
	for call in qualitygates/project_status?projectKey measures/component?metricKeys=bugs\&component; do
		sonar "$call=$key"
		if [ "$key" = line.ondry.fleet:watchbill ]; then
			check "project $key" is 404
		else
			check "project $key" json "$json_type"
		fi
	done
done
check 'there are projects' [ $projects -gt 20 ]
check 'nginx had nothing to complain about' sh -c \
    "! grep -E '\[(crit|alert|emerg)\]' '$dir/error.log'"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
