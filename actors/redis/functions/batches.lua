-- uses: birth
-- Batch figures. A run stages its results under names of its own. One step puts them in place,
-- deletes what was there before, and records the run. The hash `batches` has the scheduler's fencing
-- token, the number of the last run, the run under way, and a record for each figure.
local batches = { KEY = PREFIX .. 'batches', HISTORY = 100 }

-- Prefix of what run `number` stages for a figure: `keys`, the set of its keys; `at:KEY`, their
-- content; `none`, the members without a value.
local function staged(number, figure) return PREFIX .. 'batch:' .. number .. ':' .. figure .. ':' end

-- The set of keys that a figure shows.
local function shown(figure) return PREFIX .. 'batch:places:' .. figure end

-- Returns FENCED if the scheduler's token or the number of the run differ, or nothing.
function batches.refused(token, number)
  local have = redis.call('HMGET', batches.KEY, 'token', 'run')
  if have[1] ~= token or (have[2] or '0') ~= number then return 'FENCED' end
end

-- Deletes the keys that the set names, each with this prefix, and the set.
function batches.drop(set, before)
  while true do
    local keys = redis.call('SPOP', set, SLICE)
    if #keys == 0 then return end
    for i = 1, #keys do keys[i] = before .. keys[i] end
    redis.call('UNLINK', unpack(keys))
  end
end

function batches.discard(number, figure)
  local here = staged(number, figure)
  batches.drop(here .. 'keys', here .. 'at:')
  redis.call('UNLINK', here .. 'none')
end

-- Returns Redis's error if this user may not write the figure's keys. PERSIST changes nothing: these
-- keys don't expire.
function batches.denied(number, figure)
  for _, set in ipairs({ shown(figure), staged(number, figure) .. 'keys' }) do
    local key = redis.call('SRANDMEMBER', set)
    local answer = key and redis.pcall('PERSIST', key)
    if type(answer) == 'table' and answer.err then return answer.err end
  end
end

-- Returns why a staged key can't be shown: another client has a key of that name.
function batches.foreign(number, figure)
  local set = shown(figure)
  for _, key in ipairs(redis.call('SMEMBERS', staged(number, figure) .. 'keys')) do
    if redis.call('EXISTS', key) == 1 and redis.call('SISMEMBER', set, key) == 0 then
      return 'another client has the key ' .. key
    end
  end
end

-- Puts a staged result in place of the one that is shown.
function batches.replace(number, figure)
  local here, set = staged(number, figure), shown(figure)
  batches.drop(set, '')
  while true do
    local keys = redis.call('SPOP', here .. 'keys', SLICE)
    if #keys == 0 then break end
    local put = {}
    for _, key in ipairs(keys) do
      if redis.call('EXISTS', here .. 'at:' .. key) == 1 then
        redis.call('RENAME', here .. 'at:' .. key, key)
        put[#put + 1] = key
      end
    end
    if #put > 0 then redis.call('SADD', set, unpack(put)) end
  end
  redis.call('UNLINK', here .. 'none')
end

-- ARGV: the ledger's incarnation, the scheduler's new token. Returns OK, or OTHER.
local function batch_claim(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  redis.call('HSET', batches.KEY, 'token', argv[2])
  return 'OK'
end

register('batch_claim', batch_claim, { 'allow-oom' })

-- What people read. A key of another type there doesn't stop the ledger.
local function show(prefix, todo)
  for name, count in pairs(todo.add) do
    if count ~= '0' then redis.pcall('INCRBY', prefix .. name, count) end
  end
  for _, entry in ipairs(todo.history) do redis.pcall('LPUSH', prefix .. 'history', entry) end
  redis.pcall('LTRIM', prefix .. 'history', 0, batches.HISTORY - 1)
  for name, text in pairs(todo.shown) do
    if text == '' then
      redis.pcall('DEL', prefix .. name)
    else
      redis.pcall('SET', prefix .. name, text)
    end
  end
  if todo.running == '' then
    redis.pcall('DEL', prefix .. 'current')
  else
    redis.pcall('SET', prefix .. 'current', todo.running)
  end
end

-- ARGV: token, number of the last run, prefix of batch_jobs' keys, the step as JSON (batch_ledger.hpp).
-- Returns {OK}, {FENCED}, or {REFUSED, figure, Redis's error}. All or nothing.
local function batch_step(_, argv)
  local refused = batches.refused(argv[1], argv[2])
  if refused then return { refused } end
  local todo = cjson.decode(argv[4])
  if #todo.replaced > 0 and (redis.call('HGET', batches.KEY, 'running') or '') == '' then
    return { 'FENCED' } -- the run has ended: nothing is staged any more
  end
  for _, figure in ipairs(todo.replaced) do
    local why = batches.denied(argv[2], figure) or batches.foreign(argv[2], figure)
    if why then return { 'REFUSED', figure, why } end
  end
  for _, figure in ipairs(todo.replaced) do batches.replace(argv[2], figure) end
  for _, figure in ipairs(todo.dropped) do batches.discard(argv[2], figure) end
  for _, figure in ipairs(todo.begins) do batches.discard(todo.next, figure) end
  for figure, record in pairs(todo.records) do redis.call('HSET', batches.KEY, 'f:' .. figure, record) end
  for _, figure in ipairs(todo.answered) do redis.call('HDEL', batches.KEY, 'r:' .. figure) end
  redis.call('HSET', batches.KEY, 'run', todo.next, 'running', todo.running)
  show(argv[3], todo)
  return { 'OK' }
end

register('batch_step', batch_step, { 'allow-oom' })

-- Stages one row. `none`: whether members without a value are staged. Returns false if the place has
-- a row already.
local function put(form, here, key, member, argv, first, count, none)
  local at = here .. 'at:' .. key
  if form == 'value' or form == 'hash' then
    if redis.call('SADD', here .. 'keys', key) == 0 then return false end
    if count > 0 and form == 'value' then redis.call('SET', at, argv[first + 1]) end
    if count > 0 and form == 'hash' then
      for i = first, first + count - 1, SLICE * 2 do
        redis.call('HSET', at, unpack(argv, i, math.min(i + SLICE * 2 - 1, first + count - 1)))
      end
    end
    return true
  end
  local place = key .. '\0' .. member
  if count == 0 then
    if redis.call(form == 'zset' and 'ZSCORE' or 'HGET', at, member) then return false end
    return redis.call('SADD', here .. 'none', place) == 1
  end
  if none and redis.call('SISMEMBER', here .. 'none', place) == 1 then return false end
  if form == 'zset' then return redis.call('ZADD', at, 'NX', argv[first + 1], member) == 1 end
  return redis.call('HSETNX', at, member, argv[first + 1]) == 1
end

-- ARGV: token, number of the run, figure, form (value, hash, field, zset). Then for each row: key,
-- member, number of arguments, and the arguments: field and text in turn. Returns {OK}, {FENCED}, or
-- {TWICE, key, member}.
local function batch_stage(_, argv)
  local refused = batches.refused(argv[1], argv[2])
  if refused then return { refused } end
  local form, here = argv[4], staged(argv[2], argv[3])
  local known, none = {}, redis.call('EXISTS', here .. 'none') == 1
  local i = 5
  while i <= #argv do
    local key, member, count = argv[i], argv[i + 1], tonumber(argv[i + 2])
    if (form == 'field' or form == 'zset') and not known[key] then
      redis.call('SADD', here .. 'keys', key)
      known[key] = true
    end
    if not put(form, here, key, member, argv, i + 3, count, none) then return { 'TWICE', key, member } end
    none = none or count == 0
    i = i + 3 + count
  end
  return { 'OK' }
end

register('batch_stage', batch_stage)

-- ARGV: the ledger's incarnation, then figures. Deletes their places and records, and what the run
-- under way has staged. No scheduler has the ledger from now on. Returns OK, or OTHER.
local function batch_retire(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  redis.call('HDEL', batches.KEY, 'token')
  local have = redis.call('HMGET', batches.KEY, 'run', 'running')
  if have[2] and have[2] ~= '' then
    for _, figure in ipairs(cjson.decode(have[2]).figures) do batches.discard(have[1], figure) end
  end
  for i = 2, #argv do
    batches.drop(shown(argv[i]), '')
    redis.call('HDEL', batches.KEY, 'f:' .. argv[i], 'r:' .. argv[i])
  end
  return 'OK'
end

register('batch_retire', batch_retire, { 'allow-oom' })
