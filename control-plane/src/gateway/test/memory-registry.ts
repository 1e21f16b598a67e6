import type { RegisteredRouter, TunnelRegistry } from '@netpilot/db/tunnel-registry.ts';

/** A registry without a database: routers and their keys are put into the maps. */
export class MemoryRegistry implements TunnelRegistry {
  readonly keys = new Map<string, string>();
  readonly routers = new Map<string, RegisteredRouter>();
  readonly seen: string[] = [];

  add(router: RegisteredRouter, publicKey?: string): void {
    this.routers.set(router.routerId, router);
    if (publicKey !== undefined) this.keys.set(publicKey, router.routerId);
  }

  async findByKey(publicKey: string): Promise<RegisteredRouter | null> {
    return this.find(this.keys.get(publicKey) ?? '');
  }

  async find(routerId: string): Promise<RegisteredRouter | null> {
    return this.routers.get(routerId) ?? null;
  }

  async list(): Promise<RegisteredRouter[]> {
    return [...this.routers.values()];
  }

  async allocatePort(routerId: string): Promise<number> {
    const port = this.routers.get(routerId)?.port;
    if (port === undefined || port === null) throw new Error('no port was put in');
    return port;
  }

  async recordSeen(seen: readonly { routerId: string }[]): Promise<void> {
    this.seen.push(...seen.map(({ routerId }) => routerId));
  }

  async healthy(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}
