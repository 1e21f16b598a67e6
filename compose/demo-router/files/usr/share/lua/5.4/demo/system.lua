-- What the router's programs ask the kernel and the file system for.
local json = require('demo.json')
local uci = require('demo.uci')

local M = {}
local IP = '/usr/libexec/demo/bin/ip'

--- Standard output of a command line.
function M.output(line)
	local pipe = io.popen(line)
	local text = pipe:read('a')
	pipe:close()
	return text
end

--- Runs a command line; true when it ended with 0.
function M.run(line) return os.execute(line) == true end

--- Starts a command line in the background, free from the session that asked for it.
function M.background(line)
	os.execute('/usr/libexec/demo/bin/setsid /bin/ash -c ' .. uci.quote(line) .. ' < /dev/null > /dev/null 2>&1 &')
end

--- First line of a file, or nil.
function M.line(path)
	local text = uci.read_file(path)
	return text and text:match('^[^\n]*')
end

--- Runs iproute2; its complaints are nobody's.
function M.ip(...) return M.run(IP .. ' ' .. table.concat({ ... }, ' ') .. ' 2> /dev/null') end

--- Runs iproute2 and returns what it prints as JSON.
function M.ip_json(arguments)
	local text = M.output(IP .. ' -j ' .. arguments .. ' 2> /dev/null')
	return text:find('%S') and json.decode(text) or {}
end

function M.has_device(name) return M.line('/sys/class/net/' .. name .. '/mtu') ~= nil end

--- Seconds since the router started (its container may be older or younger than the machine).
function M.uptime()
	local began = tonumber(M.line('/var/run/boot') or '') or os.time()
	return os.time() - began
end

--- Tells the system log.
function M.log(tag, text) os.execute('logger -t ' .. uci.quote(tag) .. ' ' .. uci.quote(text)) end

return M
