import { redisScript } from '#server/store/redis-script.ts'

/**
 * Everything about a stream happens inside one script, so that the order of offsets is the order in which nodes are told.
 *
 * The meta hash has the fields `e` epoch, `g` generation of the Redis that wrote it, `o` top, `v` and `w` the highest
 * version and its version epoch. Where the hash is gone, the stream begins anew. Where the generation is another, writes
 * may have been forgotten: the entries and offsets that are left go on under another epoch.
 */
const stream = `
local meta, stream, keys = KEYS[1], KEYS[2], KEYS[3]
local generation, fresh, metaTtl = ARGV[1], ARGV[2], ARGV[3]
local size, ttl = tonumber(ARGV[4]), tonumber(ARGV[5])

local known = redis.call('HMGET', meta, 'e', 'g', 'o', 'v', 'w')
local epoch, top = known[1], tonumber(known[3] or 0)
if not epoch or known[2] ~= generation then
  redis.call('HSET', meta, 'e', fresh, 'g', generation, 'o', top)
  redis.call('PEXPIRE', meta, metaTtl)
  if not epoch then redis.call('DEL', stream, keys) end
  epoch = fresh
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function oldest()
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  return first and tonumber(string.sub(first[1], 1, -3))
end

-- The first offset from 'from' on that is younger than 'limit'. Offsets have no holes and times ascend.
local function youngerThan(limit, from)
  local low, high = from, top + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    local entry = redis.call('XRANGE', stream, middle, middle)[1]
    if entry and tonumber(entry[2][2]) > limit then high = middle else low = middle + 1 end
  end
  return low
end
`

/** Answers `{offset, epoch, 1 for a duplicate}`. */
export const publishScript = redisScript(
  3,
  `${stream}
local topic = ARGV[6]
local metaLength, info, data = ARGV[7], ARGV[8], ARGV[9]
local key, version, versionEpoch = ARGV[10], ARGV[11], ARGV[12]

if key ~= '' then
  local earlier = redis.call('HGET', keys, key)
  if earlier then return {tonumber(earlier), epoch, 1} end
end
if version ~= '' and known[4] and known[5] == versionEpoch and tonumber(version) <= tonumber(known[4]) then
  return {top, epoch, 1}
end

top = top + 1
if version ~= '' then
  redis.call('HSET', meta, 'o', top, 'v', version, 'w', versionEpoch)
else
  redis.call('HSET', meta, 'o', top)
end
redis.call('PEXPIRE', meta, metaTtl)
if key ~= '' then
  redis.call('XADD', stream, top .. '-0', 't', now, 'm', info, 'd', data, 'k', key)
  redis.call('HSET', keys, key, top)
else
  redis.call('XADD', stream, top .. '-0', 't', now, 'm', info, 'd', data)
end
redis.call('PEXPIRE', stream, ttl)

-- What is too old is invisible at once and removed now and then; what is too much is removed at once.
local first = top - size + 1
if top % 64 == 0 then first = math.max(first, youngerThan(now - ttl, oldest() or top)) end
if redis.call('EXISTS', keys) == 1 then
  redis.call('PEXPIRE', keys, ttl)
  if first > 1 then
    for _, entry in ipairs(redis.call('XRANGE', stream, '-', (first - 1) .. '-0')) do
      if entry[2][8] then redis.call('HDEL', keys, entry[2][8]) end
    end
  end
end
if first > 1 then redis.call('XTRIM', stream, 'MINID', first .. '-0') end

redis.call('PUBLISH', topic, 'p' .. top .. ':' .. now .. ':' .. epoch .. ':' .. metaLength .. ':' .. info .. data)
return {top, epoch, 0}
`,
)

/** Answers `{top, epoch, offset, time, meta, data, offset, …}`. Writes only where a stream begins or is about to end. */
export const historyScript = redisScript(
  3,
  `${stream}
local limit, maxBytes, reverse = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8] == '1'
local sinceEpoch, since = ARGV[9], ARGV[10]

if redis.call('PTTL', meta) < metaTtl - 86400000 then redis.pcall('PEXPIRE', meta, metaTtl) end
local answer = {top, epoch}
if limit <= 0 or (sinceEpoch ~= '' and sinceEpoch ~= epoch) then return answer end
local first = oldest()
if not first then return answer end
first = youngerThan(now - ttl, math.max(first, top - size + 1))

local from, to = first, top
if since ~= '' and reverse then to = math.min(to, tonumber(since) - 1) end
if since ~= '' and not reverse then from = math.max(from, tonumber(since) + 1) end
local bytes = 0
while from <= to and limit > 0 and bytes <= maxBytes do
  local count = math.min(limit, 50)
  local page
  if reverse then
    page = redis.call('XREVRANGE', stream, to .. '-0', from .. '-0', 'COUNT', count)
    to = to - count
  else
    page = redis.call('XRANGE', stream, from .. '-0', to .. '-0', 'COUNT', count)
    from = from + count
  end
  limit = limit - count
  for _, entry in ipairs(page) do
    local fields = entry[2]
    table.insert(answer, string.sub(entry[1], 1, -3))
    table.insert(answer, fields[2])
    table.insert(answer, fields[4])
    table.insert(answer, fields[6])
    bytes = bytes + #fields[6]
    if bytes > maxBytes then break end
  end
end
return answer
`,
)

/** For channels without history. Answers 1 when the key was used within the last five minutes. */
export const publishOnceScript = redisScript(
  1,
  `
if not redis.call('SET', KEYS[1], '', 'NX', 'PX', 300000) then return 1 end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 0
`,
)
