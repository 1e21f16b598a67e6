import type { ClientBase } from 'pg';

/** One step of the schema. Both ways run inside one transaction with all other steps of the run, as the owner of the tables. */
export interface Migration {
  up(client: ClientBase): Promise<void>;
  down(client: ClientBase): Promise<void>;
}
