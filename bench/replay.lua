-- Sends the requests of a file that bench/sink recorded, over and over, byte by byte as they were.
--
--     wrk -t1 -c16 -d5s -s bench/replay.lua URL FILE

local requests = {}
local next_request = 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  while true do
    local size = file:read("*n")
    if not size then break end
    file:read(1) -- the end of the line
    requests[#requests + 1] = file:read(size)
  end
  file:close()
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

-- What the conductor reads.
function done(summary, _, _)
  local errors = summary.errors
  io.write(string.format('\n{"requests": %d, "seconds": %.6f, "errors": %d}\n', summary.requests,
    summary.duration / 1e6, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
