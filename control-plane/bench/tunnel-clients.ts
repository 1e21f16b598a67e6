import ssh2 from 'ssh2';

/** What the parent says first: whom to be. */
export interface TunnelOrders {
  readonly serverPort: number;
  readonly user: string;
  readonly routers: readonly { readonly privateKey: string; readonly port: number }[];
}

/** What this process says: that it listens, each tunnel that stands with the milliseconds it took, and what went wrong. */
export type TunnelReport =
  | { readonly type: 'ready' }
  | { readonly type: 'up'; readonly ms: number }
  | { readonly type: 'lost'; readonly detail: string };

/** Connections that are being opened at once; the server takes 16 from one address. */
const AT_ONCE = 12;

const tell = (report: TunnelReport) => process.send?.(report);

/** Dials in as one router does and opens its forward. */
function dial(orders: TunnelOrders, router: TunnelOrders['routers'][number]): Promise<void> {
  return new Promise((resolve) => {
    const since = performance.now();
    const client = new ssh2.Client();
    const lost = (detail: string) => {
      tell({ type: 'lost', detail });
      resolve();
    };
    client.on('error', (error) => lost(error.message));
    client.on('close', () => lost('closed'));
    client.once('ready', () => {
      client.forwardIn('127.0.0.1', router.port, (error) => {
        if (error !== undefined) return lost(error.message);
        tell({ type: 'up', ms: performance.now() - since });
        resolve();
      });
    });
    client.connect({
      host: '127.0.0.1',
      port: orders.serverPort,
      username: orders.user,
      privateKey: router.privateKey,
      readyTimeout: 60_000,
    });
  });
}

process.once('message', async (orders: TunnelOrders) => {
  const waiting = orders.routers.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const router of waiting) await dial(orders, router);
    }),
  );
});
process.once('disconnect', () => process.exit());
tell({ type: 'ready' });
