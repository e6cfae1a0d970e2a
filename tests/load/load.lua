-- load.lua - what wrk sends and what it tells us, for every measurement (bench.py).
--
--   wrk ... -s load.lua URL -- PLAN
--
-- PLAN is a Lua file that bench.py writes: it returns requests = {{method, path, body}, ...},
-- headers, keys = true (a new Idempotency-Key each) and statuses = true (count them).  The last
-- line of the output is one of JSON.

local plan, at, prefix
local threads = {}
answers, retries = {}, 0

function setup(thread)
    table.insert(threads, thread)
end

function init(args)
    plan = dofile(args[1])
    at = 0
    prefix = string.format("load-%d-", plan.seed or 0)
    for i, r in ipairs(plan.requests) do
        if not plan.keys then
            r.bytes = wrk.format(r[1], r[2], plan.headers, r[3])
        end
    end
    if not plan.statuses then
        response = nil
    end
end

function request()
    at = at + 1
    local r = plan.requests[(at - 1) % #plan.requests + 1]
    if r.bytes then
        return r.bytes
    end
    local headers = plan.headers
    headers["Idempotency-Key"] = prefix .. at
    return wrk.format(r[1], r[2], headers, r[3])
end

function response(status, headers, body)
    local name = tostring(status)
    answers[name] = (answers[name] or 0) + 1
    if status == 503 and (headers["retry-after"] or headers["Retry-After"]) then
        retries = retries + 1
    end
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"max_ms":%f,"refused":%d,"broken":%d',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000, latency.max / 1000, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
    local first = true
    io.write(',"answers":{')
    for _, thread in ipairs(threads) do
        for name, count in pairs(thread:get("answers")) do
            io.write(string.format('%s"%s":%d', first and "" or ",", name, count))
            first = false
        end
    end
    io.write(string.format('},"retry_after":%d}\n', threads[1]:get("retries")))
end
