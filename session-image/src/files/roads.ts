import { ProblemError } from '../link/problem.ts';
import type { ConnectionService } from '../ssh/connection-service.ts';
import type { RouterConnection } from '../ssh/router-connection.ts';
import { Accounts } from './accounts.ts';
import { FileFailure } from './file-failure.ts';
import type { FileRoad } from './file-road.ts';
import { MixedRoad } from './mixed-road.ts';
import { SftpRoad } from './sftp/sftp-road.ts';
import { probeShell } from './shell/shell-facts.ts';
import { ShellRoad } from './shell/shell-road.ts';
import { Writing } from './writing.ts';

/** How one connection's files are reached, and the names of its users. */
export interface Reach {
  readonly road: FileRoad;
  readonly accounts: Accounts;
  readonly writing: Writing;
  readonly connection: { readonly alive: boolean };
}

/** Finds the road of each connection once, when files are first asked for. */
export class Roads {
  readonly #connections: ConnectionService;
  #found: { connection: RouterConnection; reach: Promise<Reach> } | null = null;

  constructor(connections: ConnectionService) {
    this.#connections = connections;
  }

  /** @throws ProblemError `not_connected`; FileFailure `not_supported` for a router with neither SFTP nor a shell of the usual kind */
  require(): Promise<Reach> {
    const connection = this.#connections.require();
    if (this.#found?.connection === connection) return this.#found.reach;
    const found = { connection, reach: find(connection) };
    this.#found = found;
    const forget = () => {
      if (this.#found === found) this.#found = null;
    };
    found.reach.catch(forget);
    void connection.lost.then(forget);
    return found.reach;
  }
}

async function find(connection: RouterConnection): Promise<Reach> {
  const [sftp, facts] = await Promise.all([
    againWhenRefused(() => SftpRoad.open(connection)),
    againWhenRefused(() => probeShell(connection)),
  ]);
  const shell = facts && new ShellRoad(connection, facts);
  const road = sftp && shell ? new MixedRoad(sftp, shell) : (sftp ?? shell);
  if (!road)
    throw new FileFailure('not_supported', 'The router has neither an SFTP server nor a shell with ls and find.');
  return { road, accounts: new Accounts(road), writing: new Writing(road), connection };
}

/** A Dropbear that is at its limit refuses a channel now and then (`ssh/channel-turns.ts`); to look again changes nothing on the router. */
async function againWhenRefused<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'router_refused') throw error;
    return look();
  }
}
