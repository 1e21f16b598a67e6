import { z } from 'zod';
import { Id, Instant, Moment } from './identifiers.ts';
import { PageQuery } from './page.ts';

export const RECORDING_STATES = ['recording', 'complete', 'broken', 'deleted'] as const;
export const RecordingState = z.enum(RECORDING_STATES);
export type RecordingState = z.infer<typeof RecordingState>;

/** In the directory of the api that wrote it, or in the bucket of all. */
export const RECORDING_PLACES = ['directory', 'bucket'] as const;

/** The recording of one terminal. */
export const Recording = z.strictObject({
  id: Id,
  organisationId: Id,
  sessionId: Id,
  terminalId: z.int().min(1),
  /** Null once the router is deleted. */
  routerId: Id.nullable(),
  routerName: z.string(),
  userId: Id,
  userName: z.string(),
  /** `broken`: it could not be ended as it should; `deleted`: the file is gone, this entry tells that it was there. */
  state: RecordingState,
  startedAt: Instant,
  endedAt: Instant.nullable(),
  /** Bytes of output, and of the file. */
  outputBytes: z.int().min(0),
  fileBytes: z.int().min(0),
  /** What the person who asks may do with it. */
  may: z.strictObject({ download: z.boolean(), delete: z.boolean() }),
});
export type Recording = z.infer<typeof Recording>;

/** Query of `GET /recordings`: those that the person may see, newest first. */
export const RecordingQuery = PageQuery.extend({
  organisationId: Id.optional(),
  routerId: Id.optional(),
  sessionId: Id.optional(),
  userId: Id.optional(),
  /** Begun at or after, and before. */
  from: Moment.optional(),
  to: Moment.optional(),
});
export type RecordingQuery = z.infer<typeof RecordingQuery>;

/** Why a terminal cannot be recorded at the moment; while it lasts, input and output of that terminal stop. */
export const RecordingTrouble = z.enum([
  'disk_full',
  'not_permitted',
  'disk_failed',
  'disk_stuck',
  'file_gone',
  'size_limit',
  'broken',
  'database_gone',
]);
export type RecordingTrouble = z.infer<typeof RecordingTrouble>;

/** What is wrong with a recording, at the first place where something is. */
export const RecordingFault = z.enum([
  /** It does not begin as a recording of ours does. */
  'not_a_recording',
  /** It begins as another one. */
  'another_recording',
  /** Bytes were changed, added or taken out. */
  'changed',
  /** Parts are missing or stand in another order. */
  'out_of_order',
  /** A signature does not fit what it signs. */
  'forged',
  /** It is signed with a key that is not the bastion's. */
  'wrong_key',
  /** It ended with a signature once and does not any more. */
  'cut',
  /** Something follows the end. */
  'continued',
]);
export type RecordingFault = z.infer<typeof RecordingFault>;

/** What the hash chain and the signatures of a recording say about it. */
export const Verification = z.strictObject({
  /** `open`: right so far, but not ended with a signature: still being written, or its writer died. */
  state: z.enum(['intact', 'open', 'broken']),
  fault: RecordingFault.nullable(),
  /** Up to where it is right: links of the chain, bytes of the file, bytes of output, seconds since its start. */
  links: z.int().min(0),
  bytes: z.int().min(0),
  output: z.int().min(0),
  seconds: z.number().min(0),
  /** Fingerprints of the keys that signed what is right. */
  signers: z.array(z.string()),
});
export type Verification = z.infer<typeof Verification>;

/** A place in a recording that was searched for. */
export const RecordingMatch = z.strictObject({
  /** Since the start of the recording, when the line began. */
  seconds: z.number().min(0),
  /** The line, without escape sequences; at most 300 characters around the match. */
  line: z.string(),
});
export type RecordingMatch = z.infer<typeof RecordingMatch>;

/** A place worth jumping to. */
export const RecordingMarker = z.strictObject({
  seconds: z.number().min(0),
  /** `note`: something that the bastion wrote down, such as a take-over; `command`: typed behind a prompt that was recognised. */
  kind: z.enum(['resize', 'note', 'command']),
  label: z.string(),
});
export type RecordingMarker = z.infer<typeof RecordingMarker>;

/** `complete` is false when there was more than the bounds allow. */
export const RecordingMatches = z.strictObject({ items: z.array(RecordingMatch), complete: z.boolean() });
export type RecordingMatches = z.infer<typeof RecordingMatches>;
export const RecordingMarkers = z.strictObject({ items: z.array(RecordingMarker), complete: z.boolean() });
export type RecordingMarkers = z.infer<typeof RecordingMarkers>;

/** Query of `GET /recordings/:id/matches`. */
export const RecordingSearch = z.strictObject({ text: z.string().min(1).max(200) });

/** The key that recordings are signed with: 32 bytes of Ed25519 in base64, its fingerprint, and earlier keys that still count. */
export const RecordingKey = z.strictObject({
  publicKey: z.string(),
  fingerprint: z.string(),
  trusted: z.array(z.string()),
});
export type RecordingKey = z.infer<typeof RecordingKey>;

/** Bytes of a recording's file that playback, search and markers read at most. */
export const PLAYED_BYTES = 33_554_432;
