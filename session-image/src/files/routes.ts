import type { ServerHttp2Stream } from 'node:http2';
import {
  AGENT_FILE_PATHS,
  FILE_HEADER,
  FileChange,
  FileFollowInput,
  FileListInput,
  FilePathInput,
  FileReadInput,
  FileSaveInput,
  FileSearchInput,
  FileStatInput,
  FileUploadBytes,
  FileUploadFinish,
  FileUploadInput,
  FileUploadRef,
  MAX_SAVE_BYTES,
} from '@netpilot/control-plane/contract/files.ts';
import type { z } from 'zod';
import { bodyOf, parseJson, readJson, sendJson, sendNothing } from '../link/json.ts';
import type { AgentRequest, Route } from '../link/router.ts';
import type { ConnectionService } from '../ssh/connection-service.ts';
import { sendBytes } from './byte-answer.ts';
import { makeChange } from './changes.ts';
import { unpackArchive } from './unpack-archive.ts';
import { FileFailure } from './file-failure.ts';
import type { OpenRead } from './file-road.ts';
import { sendListing, sendSearch } from './listing-answer.ts';
import { pathBytes } from './paths.ts';
import { presentStat } from './presenter.ts';
import { Roads } from './roads.ts';
import type { Reach } from './roads.ts';
import { Slots } from './slots.ts';
import { isSameVersion, versionOf } from './version.ts';

/** One request: what to answer, how files are reached, and a signal for a caller that went away. */
interface Work<T> {
  readonly stream: ServerHttp2Stream;
  readonly input: T;
  readonly reach: Reach;
  readonly signal: AbortSignal;
}

/** The routes of `contract/files.ts`. A caller that goes away ends what it started on the router. */
export function fileRoutes(connections: ConnectionService): Route[] {
  const roads = new Roads(connections);
  const slots = { quick: new Slots(2), stream: new Slots(3), follow: new Slots(1) };

  const work = async <T>(
    { stream }: AgentRequest,
    kind: keyof typeof slots,
    readInput: () => Promise<T> | T,
    answer: (work: Work<T>) => Promise<void>,
  ) => {
    const gone = new AbortController();
    stream.once('close', () => gone.abort());
    const input = await readInput();
    const release = await slots[kind].take(gone.signal);
    try {
      await answer({ stream, input, reach: await roads.require(), signal: gone.signal });
    } finally {
      release();
    }
  };
  /** A request whose body is its input in JSON. */
  const json = <T extends z.ZodType>(
    path: string,
    kind: keyof typeof slots,
    schema: T,
    answer: (work: Work<z.output<T>>) => Promise<void>,
  ): Route => ({
    method: 'POST',
    path,
    handle: (request) => work(request, kind, () => readJson(request.stream, schema), answer),
  });
  /** A request whose body is bytes, its input in a header. */
  const bytes = <T extends z.ZodType>(
    path: string,
    schema: T,
    answer: (work: Work<z.output<T>>) => Promise<void>,
  ): Route => ({
    method: 'POST',
    path,
    handle: (request) =>
      work(
        request,
        'stream',
        () => parseJson(Buffer.from(request.header(FILE_HEADER.request), 'base64url'), schema),
        answer,
      ),
  });

  return [
    {
      method: 'GET',
      path: AGENT_FILE_PATHS.road,
      handle: async ({ stream }) => sendJson(stream, 200, (await roads.require()).road.view),
    },
    json(AGENT_FILE_PATHS.list, 'stream', FileListInput, ({ stream, input, reach, signal }) =>
      sendListing(stream, reach, pathBytes(input.path), signal),
    ),
    json(AGENT_FILE_PATHS.search, 'stream', FileSearchInput, ({ stream, input, reach, signal }) =>
      sendSearch(stream, reach, { ...input, folder: pathBytes(input.path) }, signal),
    ),
    json(AGENT_FILE_PATHS.stat, 'quick', FileStatInput, async ({ stream, input, reach }) => {
      await sendStat(stream, reach, pathBytes(input.path), input.follow);
    }),
    json(AGENT_FILE_PATHS.read, 'stream', FileReadInput, async ({ stream, input, reach }) => {
      const path = pathBytes(input.path);
      const open = await reach.road.read(path, input);
      if (input.version !== null && !isSameVersion(versionOf(open.attributes), input.version)) {
        open.body.destroy();
        throw new FileFailure('changed');
      }
      await sendOpened(stream, reach, path, open, input.offset);
    }),
    json(AGENT_FILE_PATHS.follow, 'follow', FileFollowInput, async ({ stream, input, reach }) => {
      const path = pathBytes(input.path);
      const open = await reach.road.follow(path, input.back);
      await sendOpened(stream, reach, path, open, Math.max(0, open.attributes.size - input.back), true);
    }),
    json(AGENT_FILE_PATHS.tar, 'stream', FilePathInput, async ({ stream, input, reach }) => {
      const path = pathBytes(input.path);
      await sendOpened(stream, reach, path, await reach.road.tar(path), 0, true);
    }),
    json(AGENT_FILE_PATHS.change, 'quick', FileChange, async ({ stream, input, reach, signal }) => {
      const changed = await makeChange(reach.road, input, signal);
      const names = await reach.accounts.load();
      sendJson(stream, 200, { stat: changed && presentStat(changed.path, changed.attributes, names) });
    }),
    json(AGENT_FILE_PATHS.count, 'quick', FilePathInput, async ({ stream, input, reach, signal }) => {
      sendJson(stream, 200, await reach.road.count(pathBytes(input.path), signal));
    }),
    json(AGENT_FILE_PATHS.sha256, 'quick', FilePathInput, async ({ stream, input, reach, signal }) => {
      sendJson(stream, 200, await reach.road.sha256(pathBytes(input.path), signal));
    }),
    json(AGENT_FILE_PATHS.space, 'quick', FilePathInput, async ({ stream, input, reach }) => {
      sendJson(stream, 200, await reach.road.space(pathBytes(input.path)));
    }),
    json(AGENT_FILE_PATHS.uploadBegin, 'quick', FileUploadInput, async ({ stream, input, reach }) => {
      sendJson(stream, 200, await reach.writing.begin(input));
    }),
    bytes(AGENT_FILE_PATHS.uploadBytes, FileUploadBytes, async ({ stream, input, reach }) => {
      sendJson(stream, 200, await reach.writing.take(input, stream));
    }),
    json(AGENT_FILE_PATHS.uploadFinish, 'quick', FileUploadFinish, async ({ stream, input, reach }) => {
      await sendStat(stream, reach, await reach.writing.finish(input), false);
    }),
    json(AGENT_FILE_PATHS.uploadAbort, 'quick', FileUploadRef, async ({ stream, input, reach }) => {
      await reach.writing.abort(input);
      sendNothing(stream);
    }),
    bytes(AGENT_FILE_PATHS.unpack, FilePathInput, async ({ stream, input, reach }) => {
      sendJson(stream, 200, await unpackArchive(reach.road, pathBytes(input.path), stream));
    }),
    bytes(AGENT_FILE_PATHS.save, FileSaveInput, async ({ stream, input, reach }) => {
      await sendStat(stream, reach, await reach.writing.save(input, await readSmall(stream)), false);
    }),
  ];
}

async function sendStat(stream: ServerHttp2Stream, { road, accounts }: Reach, path: Buffer, follow: boolean) {
  const attributes = await road.stat(path, follow);
  sendJson(stream, 200, presentStat(path, attributes, await accounts.load()));
}

async function sendOpened(
  stream: ServerHttp2Stream,
  { accounts, connection }: Reach,
  path: Buffer,
  open: OpenRead,
  offset: number,
  endless = false,
): Promise<void> {
  const stat = presentStat(path, open.attributes, await accounts.load());
  await sendBytes(stream, open, { head: { stat, offset, length: open.length }, connection, endless });
}

async function readSmall(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bodyOf(stream)) {
    length += chunk.length;
    if (length > MAX_SAVE_BYTES) throw new FileFailure('too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
