import { z } from 'zod';

/** Every identifier of ours is a UUID; anything else is refused before it reaches a query. */
export const Id = z.uuid();
export type Id = z.infer<typeof Id>;

/** ISO 8601 instant with offset, as JSON carries `timestamptz`. */
export const Instant = z.iso.datetime({ offset: true });
export type Instant = z.infer<typeof Instant>;

/** An instant of a request, from 1970 to 9999: what the database can compare with as well, which knows no year 0. */
export const Moment = Instant.refine((at) => Date.parse(at) >= 0 && Date.parse(at) < Date.UTC(10_000, 0), {
  message: 'must be from 1970 to 9999',
});

/** Control characters, bidirectional overrides and line separators: never part of a name that a person reads. */
// oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** A line that people read: not empty, trimmed, printable. */
export const PrintableText = z
  .string()
  .trim()
  .min(1)
  .refine((text) => !UNPRINTABLE.test(text), { message: 'must not contain control characters' });

/** A name shown to people: 1 to 80 characters, trimmed, printable. */
export const DisplayName = PrintableText.max(80);

/** A TCP port that something may listen on. */
export const Port = z.int().min(1).max(65_535);

/** An OpenSSH public key line without its comment: algorithm and base64 blob (RFC 4253, section 6.6). */
export const SshPublicKey = z
  .string()
  .max(2_000)
  .regex(
    /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{60,1900}={0,2}$/u,
    'must be an SSH public key',
  );

/** `SHA256:` and the unpadded base64 of the digest of a public key blob, as OpenSSH prints it. */
export const Fingerprint = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/u);

/** Sign-in name on a router; no leading dash, so that it can never be read as an option. */
export const RouterUser = z.string().regex(/^[A-Za-z_][A-Za-z0-9._-]{0,31}$/u, 'must be a user name of the router');
