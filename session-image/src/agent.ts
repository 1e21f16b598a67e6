import { AGENT_PATHS, CONTROL_SOCKET } from '@netpilot/control-plane/contract/agent.ts';
import type { AgentStatus } from '@netpilot/control-plane/contract/agent.ts';
import { execRoutes } from './exec/routes.ts';
import { fileRoutes } from './files/routes.ts';
import { keepDialling } from './link/dial.ts';
import { sendJson } from './link/json.ts';
import { createRouter } from './link/router.ts';
import { serveLink } from './link/serve.ts';
import { openwrt } from './operations/openwrt/driver.ts';
import { operationRoutes } from './operations/routes.ts';
import { KEEPALIVE_MS } from './ssh/connect.ts';
import { ConnectionService } from './ssh/connection-service.ts';
import { connectionRoutes } from './ssh/routes.ts';
import { terminalRoutes } from './terminals/routes.ts';
import { RING_BYTES, Terminals } from './terminals/terminals.ts';

export const AGENT_VERSION = '0.1.0';

export interface AgentOptions {
  /** Holds `control.sock` and `tunnel.sock`, now or later. */
  directory: string;
  /** Unexpected errors; nothing a router or a person sent is in them. */
  report: (error: unknown) => void;
  ringBytes?: number;
  keepaliveMs?: number;
}

export interface Agent {
  /** Closes link, connection and terminals. */
  stop(): Promise<void>;
}

/** Starts the agent: it serves on the control socket, and dials it again whenever the link breaks, until stopped. */
export function startAgent(options: AgentOptions): Agent {
  const { directory, report, ringBytes = RING_BYTES, keepaliveMs = KEEPALIVE_MS } = options;
  const stopping = new AbortController();
  const connections = new ConnectionService({ directory, keepaliveMs });
  const terminals = new Terminals(connections, ringBytes);
  const handle = createRouter(
    [
      {
        method: 'GET',
        path: AGENT_PATHS.status,
        handle: ({ stream }) => {
          const status: AgentStatus = {
            agentVersion: AGENT_VERSION,
            connected: connections.connected,
            terminals: terminals.running,
          };
          sendJson(stream, 200, status);
        },
      },
      ...connectionRoutes(connections),
      ...terminalRoutes(terminals),
      ...execRoutes(connections),
      ...operationRoutes(connections, openwrt),
      ...fileRoutes(connections),
    ],
    report,
  );
  const serving = keepDialling(
    directory,
    CONTROL_SOCKET,
    (socket) => serveLink(socket, handle, stopping.signal),
    stopping.signal,
  );
  return {
    async stop() {
      stopping.abort();
      connections.disconnect();
      await serving;
    },
  };
}
