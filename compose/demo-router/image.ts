import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, dockerCommand } from '../local/docker.ts';
import type { Log } from '../local/requirements.ts';
import { assembleRootfs, rootfsVersion } from './rootfs.ts';

/** Name of the image of the demo router. */
export const DEMO_ROUTER_IMAGE = 'netpilot-demo-router';
const VERSION_LABEL = 'netpilot.demo-router.version';

/**
 * Makes sure that the image of the demo router is there and is the one these sources make; builds it when not (some 10 seconds).
 * @returns the image's id (`sha256:…`).
 * @throws Obstacle when its packages cannot be downloaded.
 */
export async function ensureDemoRouterImage(options: { log?: Log } = {}): Promise<string> {
  const version = await rootfsVersion();
  const format = `{{.Id}} {{index .Config.Labels "${VERSION_LABEL}"}}`;
  const present = await dockerCommand(['image', 'inspect', '-f', format, DEMO_ROUTER_IMAGE]);
  const [id = '', built] = present.stdout.trim().split(' ');
  if (present.code === 0 && built === version) return id;
  options.log?.('Building the image of the demo router');
  const directory = await mkdtemp(join(tmpdir(), 'netpilot-demo-router-'));
  try {
    const root = join(directory, 'root');
    await mkdir(root);
    await assembleRootfs(root, directory);
    return await importImage(root, version);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function importImage(root: string, version: string): Promise<string> {
  const tar = spawn('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', root, '-c', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    tar.once('error', reject);
    tar.once('close', resolve);
  });
  const changes = [
    'ENTRYPOINT ["/sbin/init"]',
    'WORKDIR /root',
    'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root',
    `LABEL netpilot=demo-router ${VERSION_LABEL}=${version}`,
  ].flatMap((change) => ['--change', change]);
  const [id, code] = await Promise.all([
    docker(['import', ...changes, '-', DEMO_ROUTER_IMAGE], { input: tar.stdout }),
    ended,
  ]);
  if (code !== 0) throw new Error(`tar ended with ${code} while packing the demo router`);
  return id;
}
