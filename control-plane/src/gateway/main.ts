import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { openTunnelRegistry } from '@netpilot/db/tunnel-registry.ts';
import { pino } from 'pino';
import { ConfigError, readConfig } from './config.ts';
import type { GatewayConfig } from './config.ts';
import { DockerEngine } from './sandboxes/docker-engine.ts';
import { GatedEngine } from './sandboxes/gated-engine.ts';
import { buildGateway } from './services.ts';

/** A close that takes longer is cut short, in milliseconds. */
const CLOSE_MS = 10_000;

const log = pino({ name: 'gateway' });

// A core dump of this process would hold the host key: none of its memory goes into one (core(5)).
writeFileSync('/proc/self/coredump_filter', '0');

let config: GatewayConfig;
try {
  config = readConfig(process.env);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`gateway: ${error.message}\n`);
  process.exit(1);
}

try {
  const url = (await readFile(config.databaseUrlFile, 'utf8')).trim();
  const gateway = await buildGateway(config, {
    registry: await openTunnelRegistry({ url }),
    engine: new GatedEngine(new DockerEngine(config.dockerSocket), { refuse: config.requirePatchedEngine, log }),
    log,
  });

  let closing = false;
  const close = (why: string, code: number) => {
    if (closing) return;
    closing = true;
    log.info({ why }, 'closing');
    setTimeout(() => process.exit(code || 1), CLOSE_MS).unref();
    void gateway.close().then(
      () => process.exit(code),
      (error: unknown) => {
        log.error({ err: error }, 'could not close in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => close('SIGTERM', 0));
  process.on('SIGINT', () => close('SIGINT', 0));
  // The state after a fault is unknown; the sandboxes outlive this process, and the next one takes them over.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    close('uncaught exception', 1);
  });
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection');
    close('unhandled rejection', 1);
  });

  await gateway.start();
  log.info({ socket: config.socket, tunnelPort: gateway.tunnels.port }, 'ready');
} catch (error) {
  log.fatal({ err: error }, 'could not start');
  process.exit(1);
}
