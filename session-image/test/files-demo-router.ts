import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ensureDemoRouterImage } from '@netpilot/compose/demo-router/image.ts';
import { startDemoRouter } from '@netpilot/compose/demo-router/router.ts';
import type { TestMachine } from './files-session.ts';

const PASSWORD = 'only for this test';

export interface DemoMachine extends TestMachine {
  readonly containerId: string;
}

/** BusyBox and Dropbear without an SFTP server, as OpenWrt has them. */
export async function demoRouter(): Promise<DemoMachine> {
  await ensureDemoRouterImage();
  const router = await startDemoRouter({ name: 'files', instance: `test-files-${process.pid}`, password: PASSWORD });
  const { output } = await router.exec(
    'for k in /etc/dropbear/*key; do dropbearkey -y -f $k; done | grep ^ssh-ed25519',
  );
  const sockets = new Set<Socket>();
  return {
    containerId: router.containerId,
    ssh: { user: 'root', hostKey: output.trim().split(' ').slice(0, 2).join(' '), password: PASSWORD },
    target(socket) {
      const there = connect(22, router.address);
      sockets.add(there);
      there.on('error', () => undefined);
      there.once('connect', () => socket.pipe(there).pipe(socket));
      there.once('close', () => socket.destroy());
      socket.once('close', () => there.destroy());
    },
    async run(script, input = Buffer.alloc(0)) {
      const child = spawn('docker', ['exec', '-i', router.containerId, '/bin/ash', '-c', script], { timeout: 60_000 });
      const parts: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => parts.push(part));
      child.stderr.resume();
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(`the script ended with ${code}`);
      return Buffer.concat(parts);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await router.stop();
    },
  };
}
