# SPDX-License-Identifier: Apache-2.0
#
# quality.awk - quality gates and measures as SonarQube tells them.
#
# Written after the Web API of SonarQube 10.2 (<server>/web_api; 9.9 answers the
# same but for a few fields that 10.0 dropped):
#
#   /api/qualitygates/project_status?projectKey=K
#   /api/measures/component?component=K&metricKeys=...
#   /api/components/show?component=K
#
# Unlike SonarQube, the measures pay no heed to which metricKeys are asked for:
# they always carry all of the list below.  The gate is "Sonar way".
#
# Reads projects.tsv, then one project key a line.

BEGIN {
	FS = "\t"
	for (i = 1; i < 256; i++)
		code[sprintf("%c", i)] = i
	# metric, comparator, threshold, value of a project that passes
	gates = split("new_reliability_rating GT 1 1;new_security_rating GT 1 1;new_maintainability_rating GT 1 1;new_coverage LT 80 -;new_duplicated_lines_density GT 3 -;new_security_hotspots_reviewed LT 100 100.0", gate, ";")
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

# Seconds since 1970 as 2025-03-14T07:40:00+0000; strftime is not POSIX awk.
function stamp(secs,    day, left, era, doe, yoe, doy, mp, y, m, d)
{
	day = int(secs / 86400)
	left = secs - day * 86400
	day += 719468
	era = int(day / 146097)
	doe = day - era * 146097
	yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
	doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
	mp = int((5 * doy + 2) / 153)
	d = doy - int((153 * mp + 2) / 5) + 1
	m = mp < 10 ? mp + 3 : mp - 9
	y = yoe + era * 400 + (m <= 2)
	return sprintf("%04d-%02d-%02dT%02d:%02d:%02d+0000", y, m, d, int(left / 3600), int(left % 3600 / 60), left % 60)
}

function save(folder, key, text,    file)
{
	file = dir "/" folder "/" key ".json"
	print text >file
	close(file)
}

function condition(key, line, fails,    f, actual, at, bad)
{
	split(line, f, " ")
	actual = f[4]
	if (f[1] == "new_coverage")
		actual = sprintf("%.1f", between(key "nc", 810, 979) / 10)
	else if (f[1] == "new_duplicated_lines_density")
		actual = sprintf("%.1f", between(key "nd", 0, 24) / 10)
	at = index("," fails, "," f[1] "=")
	bad = at > 0
	if (bad) {
		actual = substr(fails, at + length(f[1]) + 1)
		sub(/,.*/, "", actual)
	}
	return "{\"status\":\"" (bad ? "ERROR" : "OK") "\",\"metricKey\":\"" f[1] "\",\"comparator\":\"" f[2] "\",\"errorThreshold\":\"" f[3] "\",\"actualValue\":\"" actual "\"}"
}

function write_status(key, fails, version,    i, list)
{
	if (fails == "none") {
		save("project_status", key, "{\"projectStatus\":{\"status\":\"NONE\",\"conditions\":[],\"ignoredConditions\":false,\"caycStatus\":\"compliant\"}}")
		return
	}
	for (i = 1; i <= gates; i++)
		list = list (i > 1 ? "," : "") condition(key, gate[i], fails)
	save("project_status", key, "{\"projectStatus\":{\"status\":\"" (fails == "" ? "OK" : "ERROR") "\",\"conditions\":[" list "],\"ignoredConditions\":false,\"period\":{\"mode\":\"PREVIOUS_VERSION\",\"date\":\"" stamp(now - between(key "p", 9, 70) * 86400) "\",\"parameter\":\"" version "\"},\"caycStatus\":\"compliant\"}}")
}

# `best` is the value that cannot be better, or "-" for metrics without one.
function measure(metric, value, best)
{
	return "{\"metric\":\"" metric "\",\"value\":\"" value "\"" (best == "-" ? "" : ",\"bestValue\":" (value == best ? "true" : "false")) "}"
}

function write_measures(key, fails, name,    bugs, vulns, smells, weak, list)
{
	weak = fails != "" # a failing project is a little worse all over
	bugs = weak ? between(key "b", 2, 14) : between(key "b", 0, 4)
	vulns = index(fails, "new_security_rating") ? between(key "v", 2, 5) : (between(key "v", 0, 5) == 0)
	smells = between(key "s", 3, weak ? 640 : 180)
	list = measure("alert_status", fails == "" ? "OK" : "ERROR", "-")
	list = list "," measure("bugs", bugs, "0") "," measure("reliability_rating", bugs ? between(key "rr", 2, weak ? 4 : 3) ".0" : "1.0", "1.0")
	list = list "," measure("vulnerabilities", vulns, "0") "," measure("security_rating", vulns ? between(key "sr", 2, 4) ".0" : "1.0", "1.0")
	list = list "," measure("code_smells", smells, "0") "," measure("sqale_rating", smells > 400 ? "2.0" : "1.0", "1.0")
	list = list "," measure("coverage", sprintf("%.1f", between(key "c", weak ? 310 : 640, weak ? 760 : 962) / 10), "100.0")
	list = list "," measure("duplicated_lines_density", sprintf("%.1f", between(key "d", 0, weak ? 98 : 41) / 10), "0.0")
	list = list "," measure("ncloc", between(key "n", 1800, 46000), "-")
	list = list "," measure("security_hotspots_reviewed", sprintf("%.1f", weak ? between(key "h", 200, 900) / 10 : 100), "100.0")
	list = list "," measure("security_review_rating", weak ? between(key "hr", 2, 5) ".0" : "1.0", "1.0")
	save("measures", key, "{\"component\":{\"key\":\"" key "\",\"name\":\"" name "\",\"qualifier\":\"TRK\",\"measures\":[" (fails == "none" ? "" : list) "]}}")
}

/^#/ || NF == 0 {
	next
}

FNR == NR {
	fate[$1] = $2
	next
}

fate[$1] == "gone" {
	next
}

{
	name = $1
	sub(/^.*[:_]/, "", name)
	version = between($1 "1", 1, 6) "." between($1 "2", 0, 19) "." between($1 "3", 0, 8)
	write_status($1, fate[$1], version)
	write_measures($1, fate[$1], name)
	analysed = fate[$1] == "none" ? "" : ",\"analysisDate\":\"" stamp(now - between($1 "a", 900, 160000)) "\",\"version\":\"" version "\""
	save("components", $1, "{\"component\":{\"key\":\"" $1 "\",\"name\":\"" name "\",\"qualifier\":\"TRK\",\"visibility\":\"private\"" analysed "},\"ancestors\":[]}")
}
