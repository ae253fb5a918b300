-- uses: birth
-- What leaves Redis of the alerts. The hash alerts_sent has each receiver's position in alerts:stream,
-- "ID COUNT": the newest event that it confirmed, and how many events the stream had been given by then.
local SENT = PREFIX .. 'alerts_sent'

-- Returns XINFO's facts about the stream by their names. Without a stream: of an empty one. Another error
-- is returned as it is: it must not look like a stream that was deleted.
local function facts(key)
  local out = { ['length'] = 0, ['entries-added'] = 0, ['last-generated-id'] = '0-0' }
  local info = redis.pcall('XINFO', 'STREAM', key)
  if info.err then return string.find(info.err, 'no such key', 1, true) and out or info end
  for i = 1, #info, 2 do out[info[i]] = info[i + 1] end
  return out
end

-- ARGV: receiver, prefix of users' keys, how many events at most. Returns {position, number of events
-- that the stream was given, its length, ID of its newest, events after the position}.
local function alerts_outgoing(_, argv)
  local key = argv[2] .. 'alerts:stream'
  local position, x = redis.call('HGET', SENT, argv[1]) or '', facts(key)
  if x.err then return x end
  local events = {}
  if position ~= '' and x['length'] > 0 then
    events = redis.call('XRANGE', key, '(' .. string.match(position, '^[^ ]*'), '+', 'COUNT', argv[3])
  end
  return { position, x['entries-added'], x['length'], x['last-generated-id'], events }
end

register('alerts_outgoing', alerts_outgoing, { 'no-writes' })

-- ARGV: the ledger's incarnation, receiver, the position of before ('': none), the new one. Returns OK,
-- or OTHER if another node has moved the position.
local function alerts_confirm(_, argv)
  if not is_of(argv[1]) or (redis.call('HGET', SENT, argv[2]) or '') ~= argv[3] then return 'OTHER' end
  redis.call('HSET', SENT, argv[2], argv[4])
  return 'OK'
end

register('alerts_confirm', alerts_confirm, { 'allow-oom' })

-- ARGV: prefix of users' keys, alert, cursor. Returns the next cursor ('0' at the end), and the newest
-- events of some subjects that fire or recover.
local function alerts_active(_, argv)
  local before = argv[1] .. 'alerts:'
  local page = redis.pcall('SSCAN', before .. 'active:' .. argv[2], argv[3], 'COUNT', 200)
  if page.err then return page end
  local events = {}
  for _, subject in ipairs(page[2]) do
    local event = redis.pcall('HGETALL', before .. argv[2] .. ':' .. subject)
    if not event.err and #event > 0 then events[#events + 1] = event end
  end
  return { page[1], events }
end

register('alerts_active', alerts_active, { 'no-writes' })
