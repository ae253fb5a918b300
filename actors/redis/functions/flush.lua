-- uses: decimal, doubts, events, ledger, newest, parts, places, rollups
-- One flush of a node's cells. Writes everything, or writes nothing and names the first cell that
-- is FENCED or STALE.
-- ARGV: 1 {tick, cells, counters (key, amount, ...), heads of the commands, names of the figures,
--          doubts (table, doubt, ...), copies of newest places (figure, key, name, ...),
--          what precedes every key of the project's users, who follows which figure's places}
--       2 rolled-up figures {{number, spec, changes}, ...}
--       3 the commands' arguments    4... state blocks
-- Returns OK, commands, {figure, why it failed, ...}, cells whose state log lost blocks;
-- or FENCED/STALE, cell.

-- Returns the greatest tick so far: a clock that goes back doesn't reopen buckets.
local function greatest_tick(tick)
  local have = redis.pcall('GET', PREFIX .. 'tick')
  local seen = type(have) == 'string' and tonumber(have) or 0
  if tick <= seen then return seen, false end
  return tick, true
end

local function fold_all(rolled, tick, outcome)
  local works, by_name = {}, {}
  local closing, closing_lost = parts.closing()
  for i, r in ipairs(rolled) do
    local work = rollups.work(r[1], rollups.spec(r[2]))
    if work.spec.closes then work.lost = work.lost or closing_lost end
    works[i], by_name[work.spec.name] = work, work
  end
  local gone = rollups.close(by_name, tick)
  for i, r in ipairs(rolled) do
    local lost = rollups.fold(works[i], r[3], tick)
    if lost then
      outcome.failed[r[1]] = lost
      outcome.lost[#outcome.lost + 1] = { works[i].spec.name, lost }
    end
  end
  return works, gone, closing
end

-- Copies the newest places of the figures that say so. `list`: figure, the copy's key, its name, ...
local function copy_newest(list, outcome, head, args, works)
  if #list == 0 then return end
  local copies, touched, sharers = {}, {}, {}
  for i = 1, #list, 3 do
    local copy = list[i + 1]
    copies[list[i]] = copy
    sharers[copy] = sharers[copy] or {}
    sharers[copy][#sharers[copy] + 1] = list[i + 2]
  end
  newest.touch_commands(touched, copies, head[4], args)
  for _, work in ipairs(works) do
    if copies[work.figure] then newest.touch_work(touched, copies[work.figure], work) end
  end
  newest.write(outcome, touched, sharers)
end

local function count_records(outcome, counters)
  for i = 1, #counters, 2 do
    places.run(outcome, -1, 'INCRBY', counters[i], counters[i + 1])
  end
end

-- Stores the failed figures by name. They stay until the figure is filled again.
local function remember(outcome, names)
  local out = {}
  for figure, words in pairs(outcome.failed) do
    redis.pcall('HSETNX', PREFIX .. 'failed', figure == -1 and 'cdc:stats' or names[figure] or tostring(figure), words)
    if figure >= 0 then out[#out + 1], out[#out + 2] = figure, words end
  end
  return out
end

local function flush(_, argv)
  local head = cmsgpack.unpack(argv[1])
  local verdict, cell = ledger.refused(head[2])
  if verdict then return { verdict, cell } end

  -- Reads and computes everything that can fail before the first write.
  local outcome = places.outcome()
  local tick, newer = greatest_tick(head[1])
  local works, gone, closing = fold_all(cmsgpack.unpack(argv[2]), tick, outcome)
  local args = cmsgpack.unpack(argv[3])

  local broken = ledger.write(head[2], argv)
  ledger.write_alerts(head[2], head[8], broken)
  if newer then redis.call('SET', PREFIX .. 'tick', format('%.0f', tick)) end
  local noted, wishes = events.list(), events.wishes(head[9])
  if wishes then
    for _, work in ipairs(works) do events.note_work(noted, wishes, work) end
    events.note_commands(noted, wishes, head[4], args)
  end
  places.write(outcome, head[4], args)
  for _, work in ipairs(works) do rollups.commit(outcome, work) end
  events.write(outcome, noted, tick)
  copy_newest(head[7], outcome, head, args, works)
  places.run_slices(outcome, -1, 'ZREM', PREFIX .. 'closing', gone)
  if closing then parts.note_closing(closing) end
  for _, x in ipairs(outcome.lost) do parts.lost(x[1], x[2]) end
  for i = 1, #head[6], 2 do doubts.note(head[6][i], head[6][i + 1]) end
  count_records(outcome, head[3])
  return { 'OK', outcome.commands, remember(outcome, head[5]), broken }
end

register('flush', flush)
