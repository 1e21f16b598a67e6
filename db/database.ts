import * as pg from 'pg';
import { QueryTypes, Sequelize } from 'sequelize';
import type { Transaction } from 'sequelize';
import { bindModels } from './models/bind-models.ts';
import type { Models } from './models/bind-models.ts';
import { hideStatement } from './hide-statement.ts';
import { scopeSettings } from './scope.ts';
import type { Scope } from './scope.ts';

export { isDatabaseGone } from './database-gone.ts';
export type { Scope } from './scope.ts';

export interface Database {
  readonly models: Models;
  /**
   * Runs `work` in one transaction that sees what `scope` allows; every query must be given the transaction. Commits when `work`
   * resolves, rolls back when it rejects. Do not ask for another transaction inside: the pool may have none left.
   * @throws what `work` throws; an error of the server for which `isDatabaseGone` tells whether it may work later.
   */
  transaction<T>(scope: Scope, work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Whether the server answers a query now; never rejects. */
  healthy(): Promise<boolean>;
  /** Ends the pool, after the transactions under way. */
  close(): Promise<void>;
}

/**
 * A statement that runs longer is cancelled, in milliseconds: none of ours should take one. It is also how long a request waits at most
 * for a server that hangs, and for a connection of a pool that hangs with it.
 */
const STATEMENT_TIMEOUT = 8_000;

/**
 * Opens a pool of connections as the role of `url`. Nothing is connected yet when it resolves: a server that is away shows in
 * `healthy` and in the first transaction. A connection that breaks is replaced by the next transaction.
 */
export async function openDatabase({ url, poolSize = 10 }: { url: string; poolSize?: number }): Promise<Database> {
  const sequelize = new Sequelize(url, {
    dialect: 'postgres',
    // Given, because a bundle has no module that could be looked up by name.
    dialectModule: pg,
    logging: false,
    pool: { max: poolSize, min: 0, idle: 30_000, acquire: STATEMENT_TIMEOUT },
    dialectOptions: {
      application_name: 'netpilot-api',
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      statement_timeout: STATEMENT_TIMEOUT,
      // A server that vanished without a word: the query gives up shortly after the server would have.
      query_timeout: STATEMENT_TIMEOUT + 2_000,
      idle_in_transaction_session_timeout: 60_000,
    },
  });
  const models = bindModels(sequelize);

  return {
    models,
    async transaction(scope, work) {
      const bind = scopeSettings(scope);
      try {
        return await sequelize.transaction(async (transaction) => {
          await sequelize.query(
            `select set_config('app.organisations', $1, true), set_config('app.user_id', $2, true)`,
            { bind, transaction, type: QueryTypes.SELECT },
          );
          return await work(transaction);
        });
      } catch (error) {
        throw hideStatement(error);
      }
    },
    async healthy() {
      try {
        await sequelize.query('select 1', { type: QueryTypes.SELECT });
        return true;
      } catch {
        return false;
      }
    },
    async close() {
      await sequelize.close();
    },
  };
}
