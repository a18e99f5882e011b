-- SPDX-License-Identifier: BSD-2-Clause
-- Wireshark dissector of the xdp-trafficgen payload signature (include/xtg/abi/signature.h).
--
--   wireshark -X lua_script:xtg-signature.lua       or copy it to the personal Lua plugin folder
--   tshark -X lua_script:xtg-signature.lua -r run.pcap -Y 'xtg.seq > 1000 && xtg.lane == 0'
--
-- The signature is the last thing in the payload. It is found in two ways: as the payload of UDP that no
-- other dissector claims, and after all dissection at the end of the innermost UDP payload or of the frame,
-- which also finds it behind tunnels and on ports that belong to a known protocol.

local xtg = Proto("xtg", "xdp-trafficgen signature")

local FULL_LEN, FULL_MAGIC, VERSION = 32, 0x58544753, 1
local COMPACT_LEN, COMPACT_MAGIC, COMPACT_REFLECTED = 16, 0xc7a0, 8
local ANNOUNCE_LEN, MIRROR_LEN, MIRROR_FLAG = 64, 24, 0x04
local FCS_LEN = 4

local f = {
  form = ProtoField.uint8("xtg.form", "Form", base.DEC, {[1] = "compact", [2] = "full"}),
  seq = ProtoField.uint64("xtg.seq", "Sequence number", base.DEC),
  tx_ns = ProtoField.uint64("xtg.tx_ns", "Send time (ns)", base.DEC),
  session = ProtoField.uint32("xtg.session", "Session", base.HEX),
  stream = ProtoField.uint16("xtg.stream", "Stream", base.DEC),
  lane = ProtoField.uint8("xtg.lane", "Lane", base.DEC),
  flags = ProtoField.uint8("xtg.flags", "Flags", base.HEX),
  stamp_each = ProtoField.bool("xtg.stamp_each", "Send time read for each frame", 8, nil, 0x01),
  tai = ProtoField.bool("xtg.tai", "Send time is CLOCK_TAI", 8, nil, 0x02),
  mirror = ProtoField.bool("xtg.mirror", "Reserved for reflector timestamps", 8, nil, MIRROR_FLAG),
  reflected = ProtoField.bool("xtg.reflected", "Sent back by a reflector", 8, nil, 0x08),
  mirror_cpu = ProtoField.uint8("xtg.mirror_cpu", "Reflector: CPU, its low bits", base.DEC),
  mirror_seq = ProtoField.uint64("xtg.mirror_seq", "Reflector: frames sent back before", base.DEC),
  mirror_rx_ns = ProtoField.uint64("xtg.mirror_rx_ns", "Reflector: receive time (ns)", base.DEC),
  mirror_tx_ns = ProtoField.uint64("xtg.mirror_tx_ns", "Reflector: send time (ns)", base.DEC),
  reserved = ProtoField.uint16("xtg.reserved", "Reserved", base.HEX),
  type = ProtoField.uint8("xtg.type", "Type", base.DEC, {[0] = "data", [1] = "start", [2] = "end"}),
  version = ProtoField.uint8("xtg.version", "Version", base.DEC),
  magic = ProtoField.uint32("xtg.magic", "Magic", base.HEX),
  sum = ProtoField.uint64("xtg.announce.sum", "SipHash-2-4 of the announcement", base.HEX),
  frames = ProtoField.uint64("xtg.announce.frames", "Frames", base.DEC),
  refused = ProtoField.uint64("xtg.announce.refused", "Refused by the driver", base.DEC),
  duration = ProtoField.uint64("xtg.announce.duration_ns", "Duration (ns)", base.DEC),
  rate = ProtoField.uint64("xtg.announce.rate", "Frames in 1,000 s", base.DEC),
  host = ProtoField.uint64("xtg.announce.host", "Host", base.HEX),
  clock_error = ProtoField.uint64("xtg.announce.clock_error", "Error of CLOCK_TAI (ns)", base.DEC),
  frame_size = ProtoField.uint32("xtg.announce.frame_size", "Frame size", base.DEC),
  streams = ProtoField.uint16("xtg.announce.streams", "Streams", base.DEC),
  threads = ProtoField.uint16("xtg.announce.threads", "Threads", base.DEC),
  payload = ProtoField.bytes("xtg.payload", "Payload before the signature"),
}
xtg.fields = f

xtg.prefs.compact = Pref.bool("Recognise the compact form", true,
  "Its magic has only 16 bits: other traffic with payloads of 16 to 31 bytes may look like it. In larger " ..
  "ones it is looked for only after a short one of the same stream")

local udp_payload = Field.new("udp.payload")

-- Offset of a full signature that ends at `last` (exclusive), or nil.
local function full_before(tvb, last)
  local at = last - FULL_LEN
  if at < 0 then return nil end
  if tvb(last - 4, 4):uint() ~= FULL_MAGIC or tvb(last - 5, 1):uint() ~= VERSION then return nil end
  return at
end

-- Sessions and streams (their low bits as one number) that short payloads showed to have the compact form:
-- all frames of a mix of sizes have it, as the shortest one has no room for the other.
local compact_streams = {}

function xtg.init()
  compact_streams = {}
end

-- Same for the compact form; `length` is the payload's, 0 where it is not known: then there is none.
local function compact_before(tvb, last, length)
  if not xtg.prefs.compact or length < COMPACT_LEN then return nil end
  local at = last - COMPACT_LEN
  if at < 0 then return nil end
  local magic = tvb(last - 2, 2):uint()
  if magic ~= COMPACT_MAGIC + VERSION and magic ~= COMPACT_MAGIC + COMPACT_REFLECTED + VERSION then return nil end
  local stream = tvb(at + 10, 3):uint()
  if length < FULL_LEN then compact_streams[stream] = true end
  return compact_streams[stream] and at or nil
end

local function title(tree, pinfo, form, seq, stream, lane)
  local text = string.format("%s, stream %d, lane %d, seq %s", form, stream:uint(), lane:uint(), seq)
  tree:append_text(": " .. text)
  pinfo.cols.info:append(" [XTG " .. text .. "]")
end

-- Bytes before a full signature at `at` that belong to it.
local function words_before(tvb, at)
  local flags = tvb(at + 23, 1):uint()
  return math.floor(flags / MIRROR_FLAG) % 2 == 1 and at >= MIRROR_LEN and MIRROR_LEN or 0
end

local function add_mirror(range, root)
  local tree = root:add(xtg, range)
  tree:append_text(": reflector timestamps")
  tree:add(f.mirror_cpu, range(0, 1))
  tree:add(f.mirror_seq, range(1, 7))
  tree:add(f.mirror_rx_ns, range(8, 8))
  tree:add(f.mirror_tx_ns, range(16, 8))
end

local function add_full(range, pinfo, root)
  local tree = root:add(xtg, range)
  tree:add(f.form, 2):set_generated()
  tree:add(f.seq, range(0, 8))
  tree:add(f.tx_ns, range(8, 8))
  tree:add(f.session, range(16, 4))
  tree:add(f.stream, range(20, 2))
  tree:add(f.lane, range(22, 1))
  local flags = tree:add(f.flags, range(23, 1))
  flags:add(f.stamp_each, range(23, 1))
  flags:add(f.tai, range(23, 1))
  flags:add(f.mirror, range(23, 1))
  flags:add(f.reflected, range(23, 1))
  tree:add(f.reserved, range(24, 2))
  tree:add(f.type, range(26, 1))
  tree:add(f.version, range(27, 1))
  tree:add(f.magic, range(28, 4))
  title(tree, pinfo, "full", range(0, 8):uint64(), range(20, 2), range(22, 1))
end

-- What stands before the signature, at `at`, of a frame that is not data; reflector timestamps may be in between.
local function add_announcement(tvb, at, root)
  local type, flags = tvb(at + 26, 1):uint(), tvb(at + 23, 1):uint()
  local from = at - ANNOUNCE_LEN - (flags % 8 >= 4 and MIRROR_LEN or 0)
  if (type ~= 1 and type ~= 2) or from < 0 then return end
  local range = tvb(from, ANNOUNCE_LEN)
  local tree = root:add(xtg, range, "xdp-trafficgen announcement")
  for i, field in ipairs({f.sum, f.frames, f.refused, f.duration, f.rate, f.host, f.clock_error}) do
    tree:add(field, range(8 * (i - 1), 8))
  end
  tree:add(f.frame_size, range(56, 4))
  tree:add(f.streams, range(60, 2))
  tree:add(f.threads, range(62, 2))
end

-- Fields that the compact form shortens keep their names: they hold the low bits.
local function add_compact(range, pinfo, root)
  local tree = root:add(xtg, range)
  tree:add(f.form, 1):set_generated()
  tree:add(f.seq, range(0, 4), UInt64(range(0, 4):uint())):append_text(" (low 32 bits)")
  tree:add(f.tx_ns, range(4, 6), range(4, 6):uint64()):append_text(" (low 48 bits)")
  tree:add(f.session, range(10, 2), range(10, 2):uint()):append_text(" (low 16 bits)")
  tree:add(f.stream, range(12, 1), range(12, 1):uint()):append_text(" (low 8 bits)")
  tree:add(f.lane, range(13, 1))
  tree:add(f.reflected, range(15, 1))
  tree:add(f.version, range(15, 1), range(15, 1):uint() % 8)
  tree:add(f.magic, range(14, 2), range(14, 2):uint())
  title(tree, pinfo, "compact", range(0, 4):uint(), range(12, 1), range(13, 1))
end

-- Dissects what stands at the end of a payload; false when nothing does.
local function dissect_tail(tvb, last, length, pinfo, root)
  local at = full_before(tvb, last)
  if at then
    local words = words_before(tvb, at)
    if words > 0 then add_mirror(tvb(at - words, words), root) end
    add_full(tvb(at, FULL_LEN), pinfo, root)
    add_announcement(tvb, at, root)
    return true
  end
  at = compact_before(tvb, last, length)
  if at then
    add_compact(tvb(at, COMPACT_LEN), pinfo, root)
    return true
  end
  return false
end

-- The frame in which the heuristic has just found a signature: what comes after it need not look again.
local found_in

local function heuristic(tvb, pinfo, root)
  if tvb:captured_len() < tvb:reported_len() then return false end
  local length = tvb:len()
  if not dissect_tail(tvb, length, length, pinfo, root) then return false end
  found_in = pinfo.number
  pinfo.cols.protocol = "XTG"
  local at = full_before(tvb, length)
  local before = at and at - words_before(tvb, at) or length - COMPACT_LEN
  if before > 0 then root:add(f.payload, tvb(0, before)) end
  return true
end

function xtg.dissector(tvb, pinfo, root)
  local found = found_in == pinfo.number
  found_in = nil
  if found then return end
  local payloads = {udp_payload()}
  local inner = payloads[#payloads]
  if inner then
    local range = inner.range
    if dissect_tail(range:tvb(), range:len(), range:len(), pinfo, root) then return end
  end
  -- Not UDP as far as Wireshark can see: the end of the frame, with and without a captured FCS. Without
  -- a payload's length only the full form is told apart from chance.
  if tvb:captured_len() < tvb:reported_len() then return end
  for _, last in ipairs({tvb:len(), tvb:len() - FCS_LEN}) do
    if dissect_tail(tvb, last, 0, pinfo, root) then return end
  end
end

xtg:register_heuristic("udp", heuristic)
register_postdissector(xtg)
