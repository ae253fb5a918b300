-- uses: decimal
-- Alerts. The hash alert:CELL has a cell's subjects: field = alert, 0 byte, subject; value = packed
-- {phase, since, start, columns}. The field of an alert without a subject says that the alert is
-- declared. All else is what users read:
--   alerts:NAME:SUBJECT  hash: the newest event of the subject
--   alerts:active:NAME   set: the subjects that fire
--   alerts:count:NAME    how many ever fired
--   alerts:stream        every event, oldest first
local alerts = {}

-- An alert's change, as pack.cpp packs it.
local NAME, SUBJECT, STEP, STATE, AT, START, COLUMNS, SEVERITY, REVISION, TTL = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
local ADOPTS, FIRES, RESOLVES = 1, 2, 3
local LONGEST = '100000' -- events that the stream keeps, about

function alerts.key(cell) return PREFIX .. 'alert:' .. cell end

local function field(name, subject) return name .. '\0' .. subject end

-- Returns the event as fields and texts.
local function event(x, severity)
  local resolved = x[STEP] == RESOLVES
  local out = { 'type', x[NAME], 'subject', x[SUBJECT], 'state', resolved and 'resolved' or 'firing', 'at', x[AT],
    'alert_id', x[NAME] .. ':' .. x[SUBJECT] .. ':' .. x[START], 'alert_start', x[START] }
  if resolved then out[#out + 1], out[#out + 2] = 'alert_end', x[AT] end
  if severity ~= '' then out[#out + 1], out[#out + 2] = 'severity', severity end
  if x[SEVERITY] ~= '' then out[#out + 1], out[#out + 2] = 'alert_revision', x[REVISION] end
  for i = 1, #x[COLUMNS] do out[#out + 1] = x[COLUMNS][i] end
  return out
end

-- Returns the event's severity. An alert is resolved with the severity with which it fired, even if it
-- has another one now, or is gone.
local function severity_of(x, key)
  local fired = x[STEP] == RESOLVES and redis.pcall('HGET', key, 'severity')
  return type(fired) == 'string' and fired or x[SEVERITY]
end

-- Shows the event. A key of another type in the way is somebody else's, and stays.
local function show(before, x)
  local name = x[NAME]
  local key = before .. 'alerts:' .. name .. ':' .. x[SUBJECT]
  local fields = event(x, severity_of(x, key))
  if x[STEP] ~= RESOLVES then redis.pcall('DEL', key) end
  redis.pcall('HSET', key, unpack(fields))
  if x[STEP] == RESOLVES then
    redis.pcall('EXPIRE', key, x[TTL] > 0 and format('%.0f', x[TTL]) or '86400')
    redis.pcall('SREM', before .. 'alerts:active:' .. name, x[SUBJECT])
  else
    redis.pcall('SADD', before .. 'alerts:active:' .. name, x[SUBJECT])
  end
  if x[STEP] == ADOPTS then return end
  redis.pcall('XADD', before .. 'alerts:stream', 'MAXLEN', '~', LONGEST, '*', unpack(fields))
  if x[STEP] == FIRES then redis.pcall('INCR', before .. 'alerts:count:' .. name) end
end

-- Returns how many fields a cell's hash has; -1 if the key has another type.
function alerts.count(cell)
  local have = redis.pcall('HLEN', alerts.key(cell))
  return type(have) == 'number' and have or -1
end

-- Returns whether the changes begin a cell's alerts anew: one of them has no name, and all that the cell
-- knows follows it.
function alerts.begin_anew(changes)
  for _, x in ipairs(changes) do
    if x[NAME] == '' then return true end
  end
  return false
end

-- Writes a cell's changes, in their order, and the alerts that it declares. `before` precedes users' keys.
function alerts.write(before, cell, changes, declared)
  if alerts.count(cell) < 0 then redis.call('UNLINK', alerts.key(cell)) end
  for _, x in ipairs(changes) do
    if x[NAME] == '' then
      redis.call('UNLINK', alerts.key(cell))
    elseif x[STATE] == '' then
      redis.call('HDEL', alerts.key(cell), field(x[NAME], x[SUBJECT]))
    else
      redis.call('HSET', alerts.key(cell), field(x[NAME], x[SUBJECT]), x[STATE])
    end
    if x[STEP] >= ADOPTS then show(before, x) end
  end
  for _, name in ipairs(declared) do redis.call('HSET', alerts.key(cell), field(name, ''), '') end
end
