import { afterAll, beforeAll } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AuditEvent } from '../../contract/audit.ts';
import { FileUploadView } from '../../contract/file-api.ts';
import { pageOf } from '../../contract/page.ts';
import { TestBastion } from '../harness/bastion.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

type Query = Readonly<Record<string, string | number>>;

interface Parts {
  readonly alice: TestPerson;
  readonly organisationId: string;
  readonly router: TestRouter;
  /** Id of alice's session with the router. */
  readonly session: string;
  /** A folder on the router, and here: the test's router is this machine. */
  readonly root: string;
}

/** The files of one session, for all tests of a block; the parts are there from the first test on. */
export interface SessionFiles extends Parts {
  readonly bastion: TestBastion;
  /** @returns the path of a name below `root`. */
  readonly at: (name: string) => string;
  /** @returns the path of a request about these files, below `/api/v1`. */
  readonly address: (what: string, query?: Query) => string;
  /** A request as a page sends it, whose body and answer may be streams. */
  readonly send: (
    method: string,
    what: string,
    query: Query,
    body?: BodyInit,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  readonly beginUpload: (path: string, size: number, more?: object) => Promise<FileUploadView>;
  readonly sendPiece: (uploadId: string, path: string, offset: number, body: BodyInit) => Promise<Response>;
  readonly finishUpload: (uploadId: string, path: string, size: number, sum: string) => Promise<Response>;
  /** @returns the audit entries of files whose path ends so, oldest first, their details beside their action. */
  readonly audited: (path: string) => Promise<Record<string, unknown>[]>;
}

/** Sets up and takes down the block of tests that it is called in: a bastion, a person, and a live session with a router. */
export function useSessionFiles(): SessionFiles {
  let bastion: TestBastion;
  let parts: Parts;
  beforeAll(async () => {
    bastion = await TestBastion.start();
    const alice = await bastion.signIn('alice');
    const organisationId = (await alice.newOrganisation('One')).id;
    const router = await bastion.enrolRouter(alice, organisationId, 'Attic');
    const session = (await alice.liveSession(router.id)).id;
    const root = join(router.directory, 'files');
    mkdirSync(root);
    parts = { alice, organisationId, router, session, root };
  });
  afterAll(() => bastion?.close());

  const address: SessionFiles['address'] = (what, query = {}) => {
    const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
    return `/sessions/${parts.session}/files/${what}?${new URLSearchParams(pairs).toString()}`;
  };
  const send: SessionFiles['send'] = (method, what, query, body, headers = {}) => {
    const { alice } = parts;
    const url = new URL(`/api/v1${address(what, query)}`, alice.url);
    const init = {
      method,
      ...(body === undefined ? {} : { body, duplex: 'half' }),
      headers: {
        cookie: alice.jar.header(url) ?? '',
        ...(method === 'GET' ? {} : { origin: alice.url }),
        ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        ...headers,
      },
    };
    return fetch(url, init as RequestInit);
  };
  return {
    get bastion() {
      return bastion;
    },
    get alice() {
      return parts.alice;
    },
    get organisationId() {
      return parts.organisationId;
    },
    get router() {
      return parts.router;
    },
    get session() {
      return parts.session;
    },
    get root() {
      return parts.root;
    },
    at: (name) => join(parts.root, name),
    address,
    send,
    beginUpload: (path, size, more = {}) => {
      const start = { path, size, expect: { type: 'nothing' }, ...more };
      return parts.alice.ask(FileUploadView, 'POST', `/sessions/${parts.session}/files/uploads`, start);
    },
    sendPiece: (uploadId, path, offset, body) => send('PATCH', `uploads/${uploadId}`, { path, offset }, body),
    finishUpload: (uploadId, path, size, sum) => {
      const end = { path, size, expect: { type: 'nothing' }, sha256: sum, mode: null };
      return parts.alice.fetch('POST', `/sessions/${parts.session}/files/uploads/${uploadId}/finish`, end);
    },
    async audited(path) {
      const { alice, organisationId } = parts;
      const { items } = await alice.ask(pageOf(AuditEvent), 'GET', `/organisations/${organisationId}/audit?limit=100`);
      return items
        .filter(({ action, details }) => action.startsWith('file_') && String(details['path']).endsWith(path))
        .map(({ action, details }) => ({ action, ...details }))
        .toReversed();
    },
  };
}

/** @returns status and code of a refusal. */
export async function refusalOf(response: Response): Promise<[number, string]> {
  return [response.status, z.object({ code: z.string() }).parse(await response.json()).code];
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
