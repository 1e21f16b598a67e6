import { SESSION_DIRECTORY } from '@netpilot/control-plane/contract/agent.ts';
import { startAgent } from './agent.ts';

const report = (error: unknown) => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error was thrown';
  process.stderr.write(`${new Date().toISOString()} ${text.slice(0, 500)}\n`);
};

// One request or one router must never end the other terminals of the session.
process.on('uncaughtException', report);
process.on('unhandledRejection', report);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

// For tests; the image sets no such variable.
startAgent({ directory: process.env.NETPILOT_SESSION_DIRECTORY ?? SESSION_DIRECTORY, report });
