-- SPDX-License-Identifier: Apache-2.0
-- wrk's side of the bench: sends the lines of $BENCH_LIST one after another
-- (a path, or a path, a tab and a body for POST), with the token in
-- $BENCH_TOKEN, and ends with one line of figures.  One thread only: each
-- thread of wrk would begin the list anew.
local wires, at = {}, 0

function init(args)
  local base = os.getenv("BENCH_BASE") or ""
  local headers = { ["Authorization"] = "Bearer " .. (os.getenv("BENCH_TOKEN") or "") }
  local posting = { ["Content-Type"] = "application/json" }
  for name, value in pairs(headers) do posting[name] = value end
  for line in io.lines(os.getenv("BENCH_LIST")) do
    local path, body = line:match("^([^\t]+)\t(.+)$")
    if body then
      wires[#wires + 1] = wrk.format("POST", base .. path, posting, body)
    else
      wires[#wires + 1] = wrk.format("GET", base .. line, headers)
    end
  end
end

function request()
  at = at % #wires + 1
  return wires[at]
end

-- requests, seconds, p50 ms, p99 ms, failed, bytes
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("BENCH\t%d\t%.3f\t%.3f\t%.3f\t%d\t%d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout, summary.bytes))
end
