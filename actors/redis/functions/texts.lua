-- uses: decimal
-- The best value of a min or max as text, as PostgreSQL prints it. Values are the 64-bit integers
-- that figures fold, in decimal text.
local texts = {}

local LARGEST, SMALLEST = '9223372036854775807', '-9223372036854775808'

-- Returns year, month and day of a day number since 1970-01-01 (proleptic Gregorian; H. Hinnant's
-- civil_from_days).
local function civil(days)
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return year, month, doy - floor((153 * mp + 2) / 5) + 1
end

local function date_text(days)
  local year, month, day = civil(days)
  local bc = year <= 0
  if bc then year = 1 - year end
  return format('%04d-%02d-%02d', year, month, day), bc and ' BC' or ''
end

-- Returns whole seconds (floored) and microseconds of a number of microseconds.
local function seconds_of(text)
  local negative = sub(text, 1, 1) == '-'
  local digits = negative and sub(text, 2) or text
  digits = rep('0', 7 - #digits) .. digits
  local whole, micros = tonumber(sub(digits, 1, -7)), tonumber(sub(digits, -6))
  if not negative then return whole, micros end
  if micros == 0 then return -whole, 0 end
  return -whole - 1, 1000000 - micros
end

local function clock_text(seconds, micros)
  local out = format('%02d:%02d:%02d', floor(seconds / 3600), floor(seconds / 60) % 60, seconds % 60)
  if micros == 0 then return out end
  return out .. (string.gsub(format('.%06d', micros), '0+$', ''))
end

local function timestamp_text(text, between, zone)
  local seconds, micros = seconds_of(text)
  local days = floor(seconds / 86400)
  local date, era = date_text(days)
  return date .. between .. clock_text(seconds - days * 86400, micros) .. zone .. era
end

local function infinite(text)
  return text == LARGEST and 'infinity' or text == SMALLEST and '-infinity' or nil
end

-- Returns the text of a value; `json`: as row_to_json writes it.
function texts.show(text, kind, scale, json)
  if kind == 'number' then
    if text == 'nan' then return json and '"NaN"' or 'NaN' end
    return decimal.scaled(text, scale)
  end
  local out
  if kind == 'date' then
    out = infinite(text)
    if not out then
      local date, era = date_text(tonumber(text))
      out = date .. era
    end
  elseif kind == 'timestamp' then
    out = infinite(text) or timestamp_text(text, json and 'T' or ' ', '')
  elseif kind == 'timestamptz' then
    out = infinite(text) or timestamp_text(text, json and 'T' or ' ', json and '+00:00' or '+00')
  else -- time
    out = clock_text(seconds_of(text))
  end
  return json and '"' .. out .. '"' or out
end
