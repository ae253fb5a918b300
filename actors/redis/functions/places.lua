-- uses: decimal
-- Writes places. If Redis rejects a write, the figure's error is noted and the other writes
-- continue.
local places = {}

function places.outcome() return { commands = 0, failed = {}, lost = {} } end

-- Runs one command. Returns false if Redis rejected it.
function places.run(outcome, figure, ...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then
    if not outcome.failed[figure] then
      outcome.failed[figure] = answer.err .. ' (' .. tostring((select(2, ...))) .. ')'
    end
    return false
  end
  outcome.commands = outcome.commands + 1
  return true
end

-- Runs `name` with the list's items in slices, because Lua's unpack fails at about 8,000. `key`, if
-- any, goes before each slice.
function places.run_slices(outcome, figure, name, key, list)
  for first = 1, #list, SLICE do
    local last = math.min(first + SLICE - 1, #list)
    if key then
      places.run(outcome, figure, name, key, unpack(list, first, last))
    else
      places.run(outcome, figure, name, unpack(list, first, last))
    end
  end
end

-- A staged place whose ttl has expired isn't an error.
local function unstage(outcome, figure, key, staged)
  if redis.pcall('EXISTS', staged) == 0 then return false end
  return places.run(outcome, figure, 'RENAME', staged, key)
end

-- Runs the node's commands. `heads` has four numbers for each: what, figure, ttl in seconds, number
-- of arguments. `args` has all arguments.
local NAMES = { 'DEL', 'MSET', 'SET', 'HDEL', 'HSET', 'ZREM', 'ZADD' }
local SET, UNSTAGE = 3, 8
function places.write(outcome, heads, args)
  local at, ttls = 1, {}
  for i = 1, #heads, 4 do
    local what, figure, ttl, count = heads[i], heads[i + 1], heads[i + 2], heads[i + 3]
    local seconds
    if ttl > 0 then
      seconds = ttls[ttl] or format('%.0f', ttl)
      ttls[ttl] = seconds
    end
    if what == SET then
      places.run(outcome, figure, 'SET', args[at], args[at + 1], 'EX', seconds)
    else
      local done
      if what == UNSTAGE then
        done = unstage(outcome, figure, args[at], args[at + 1])
      else
        done = places.run(outcome, figure, NAMES[what], unpack(args, at, at + count - 1))
      end
      if done and seconds then places.run(outcome, figure, 'EXPIRE', args[at], seconds) end
    end
    at = at + count
  end
end
