-- Rules and redirects of /etc/config/firewall, compiled as firewall4 compiles them.
local matches = require('demo.firewall.matches')
local zones = require('demo.firewall.zones')

local M = {}

--- Chain and verdict of a rule, by its zones: with `dest` it is forwarded traffic, without it is traffic to the router itself.
local function place(section)
	local values = section.values
	local target = (values.target or 'DROP'):upper()
	for _, side in ipairs({ 'src', 'dest' }) do
		local name = values[side]
		if name and name ~= '*' and not zones.named[name] then
			zones.warn(section, "option '%s' specifies unknown zone '%s', skipping section", side, name)
			return nil
		end
	end
	if target == 'MARK' then
		local mark = values.set_mark or values.set_xmark
		if not mark then
			zones.warn(section, "must specify option 'set_mark' or 'set_xmark' for target 'mark', skipping section")
			return nil
		end
		local chain = values.src and values.dest and values.dest ~= '*' and 'mangle_forward'
			or values.src and 'mangle_prerouting' or 'mangle_output'
		return chain, 'meta mark set ' .. mark:match('^[^/]*')
	end
	if not zones.VERDICTS[target:lower()] then
		zones.warn(section, "specifies invalid value '%s' for option 'target', skipping section", values.target)
		return nil
	end
	local lower = target:lower()
	local plain = lower == 'reject' and 'jump handle_reject' or lower
	if values.src and values.dest then
		local chain = values.src == '*' and 'forward' or 'forward_' .. values.src
		return chain, values.dest == '*' and plain or ('jump %s_to_%s'):format(lower, values.dest)
	end
	if values.dest then return values.dest == '*' and 'output' or 'output_' .. values.dest, plain end
	return (values.src == nil or values.src == '*') and 'input' or 'input_' .. values.src, plain
end

--- Lines of nft by the chain that they belong to.
M.chains = {}
local function add_rule(chain, line)
	M.chains[chain] = M.chains[chain] or {}
	table.insert(M.chains[chain], line)
end

--- Compiles a section of type rule.
function M.read_rule(section)
	local values = section.values
	if not zones.flag(values.enabled, true) then return end
	if values.monthdays then return zones.warn(section, "option 'monthdays' is not supported, skipping section") end
	local chain, action = place(section)
	if not chain then return end
	local when, bad = matches.time(values)
	if not when then return zones.warn(section, "specifies invalid value '%s' for option '%s', skipping section", values[bad], bad) end
	local macs = zones.items(values.src_mac)
	for _, mac in ipairs(macs) do
		if not mac:find('^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$') then
			return zones.warn(section, "specifies invalid value '%s' for option 'src_mac', skipping section", mac)
		end
	end
	local head = {}
	if values.src and values.src ~= '*' and chain:find('^mangle') then
		head[1] = 'iifname ' .. zones.set_of(zones.quoted(zones.named[values.src].devices))
	end
	if #macs > 0 then head[#head + 1] = 'ether saddr ' .. zones.set_of(macs) end
	local tail = {}
	if when ~= '' then tail[1] = when end
	if values.limit then tail[#tail + 1] = 'limit rate ' .. values.limit:gsub('^(%d+)$', '%1/second'):gsub('sec$', 'second') end
	if values.mark then tail[#tail + 1] = 'meta mark ' .. values.mark end
	if zones.flag(values.counter, true) then tail[#tail + 1] = 'counter' end
	tail[#tail + 1] = action
	local name = (values.name or section.name):gsub('["\\%c]', '')
	for _, family in ipairs(matches.families(values)) do
		for _, protocol in ipairs(matches.protocols(values)) do
			local parts = {}
			for _, part in ipairs({ protocol, family, table.concat(head, ' '), table.concat(tail, ' ') }) do
				if part ~= '' then parts[#parts + 1] = part end
			end
			add_rule(chain, ('%s comment "!fw4: %s"'):format(table.concat(parts, ' '), name))
		end
	end
end

--- Compiles a section of type redirect: port forwards.
function M.read_redirect(section)
	local values = section.values
	if not zones.flag(values.enabled, true) or not values.dest_ip or (values.target or 'DNAT'):upper() ~= 'DNAT' then return end
	if not zones.named[values.src or ''] then return zones.warn(section, "option 'src' specifies unknown zone, skipping section") end
	local port = values.src_dport and ' th dport ' .. values.src_dport or ''
	local to = values.dest_ip .. (values.dest_port and ':' .. values.dest_port or '')
	add_rule('dstnat_' .. values.src, ('meta nfproto ipv4 meta l4proto { tcp, udp }%s counter dnat ip to %s comment "!fw4: %s"')
		:format(port, to, (values.name or section.name):gsub('["\\%c]', '')))
end

return M
