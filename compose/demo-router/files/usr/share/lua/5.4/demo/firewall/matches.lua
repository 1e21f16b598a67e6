-- What the options of a rule ask of a packet, in nft's words.
local zones = require('demo.firewall.zones')

local M = {}

local DAYS = { 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday' }
local function days(value)
	local chosen, negated = {}, false
	for _, word in ipairs(zones.items(value)) do
		if word == '!' then negated = true end
		local known
		for _, day in ipairs(DAYS) do
			if #word >= 3 and day:lower():sub(1, #word) == word:lower() then known = day end
		end
		if known then chosen[#chosen + 1] = '"' .. known .. '"' elseif word ~= '!' then return nil end
	end
	return (negated and '!= ' or '') .. '{ ' .. table.concat(chosen, ', ') .. ' }'
end

local function hour(value)
	local h, m, s = value:match('^(%d%d?):(%d%d):?(%d?%d?)$')
	if not h or tonumber(h) > 23 or tonumber(m) > 59 then return nil end
	return ('%02d:%02d:%02d'):format(tonumber(h), tonumber(m), tonumber(s) or 0)
end

--- The part of a rule that asks for the time, or nil with the option that cannot be understood.
function M.time(values)
	local parts = {}
	if values.start_time or values.stop_time then
		local from, to = hour(values.start_time or '00:00:00'), hour(values.stop_time or '23:59:59')
		if not from then return nil, 'start_time' end
		if not to then return nil, 'stop_time' end
		if from <= to then
			parts[#parts + 1] = ('meta hour "%s"-"%s"'):format(from, to)
		else
			parts[#parts + 1] = ('meta hour != "%s"-"%s"'):format(to, from)
		end
	end
	if values.start_date then parts[#parts + 1] = ('meta time >= "%s"'):format(values.start_date) end
	if values.stop_date then parts[#parts + 1] = ('meta time <= "%s"'):format(values.stop_date) end
	if values.weekdays then
		local list = days(values.weekdays)
		if not list then return nil, 'weekdays' end
		parts[#parts + 1] = 'meta day ' .. list
	end
	return table.concat(parts, ' ')
end

local function addresses(value)
	local v4, v6 = {}, {}
	for _, address in ipairs(zones.items(value)) do
		local list = address:find(':', 1, true) and v6 or v4
		list[#list + 1] = address
	end
	return v4, v6
end

--- Families a rule is written for: { [0] = both } or 4 and 6, each with its address matches.
function M.families(values)
	local wanted = (values.family or 'any'):lower()
	if not values.src_ip and not values.dest_ip then
		if wanted == 'ipv4' then return { 'meta nfproto ipv4' } end
		if wanted == 'ipv6' then return { 'meta nfproto ipv6' } end
		return { '' }
	end
	local source4, source6 = addresses(values.src_ip)
	local dest4, dest6 = addresses(values.dest_ip)
	local lines = {}
	local function family(name, keyword, source, dest)
		if wanted ~= 'any' and wanted ~= name then return end
		if (values.src_ip and #source == 0) or (values.dest_ip and #dest == 0) then return end
		local parts = {}
		if #source > 0 then parts[#parts + 1] = keyword .. ' saddr ' .. zones.set_of(source) end
		if #dest > 0 then parts[#parts + 1] = keyword .. ' daddr ' .. zones.set_of(dest) end
		lines[#lines + 1] = table.concat(parts, ' ')
	end
	family('ipv4', 'ip', source4, dest4)
	family('ipv6', 'ip6', source6, dest6)
	return lines
end

--- Protocol and port matches, one entry a rule: `all` gives one empty entry, none gives tcp and udp.
function M.protocols(values)
	local names, lines = {}, {}
	for _, name in ipairs(zones.items(values.proto or 'tcp udp')) do
		name = name:lower()
		if name == 'all' or name == 'any' or name == '*' then return { '' } end
		if name == 'tcpudp' then
			names[#names + 1], names[#names + 2] = 'tcp', 'udp'
		else
			names[#names + 1] = name
		end
	end
	local ports = {}
	if values.src_port then ports[#ports + 1] = 'th sport ' .. zones.set_of(zones.items(values.src_port)) end
	if values.dest_port then ports[#ports + 1] = 'th dport ' .. zones.set_of(zones.items(values.dest_port)) end
	local with_ports, plain = {}, {}
	for _, name in ipairs(names) do
		local list = (name == 'tcp' or name == 'udp') and with_ports or plain
		list[#list + 1] = name == 'icmp' and 'icmp' or name
	end
	if #with_ports > 0 then
		lines[#lines + 1] = ('meta l4proto %s %s'):format(zones.set_of(with_ports), table.concat(ports, ' '))
	end
	for _, name in ipairs(plain) do
		lines[#lines + 1] = name == 'icmp' and 'meta l4proto { icmp, ipv6-icmp }' or 'meta l4proto ' .. name
	end
	return lines
end

return M
