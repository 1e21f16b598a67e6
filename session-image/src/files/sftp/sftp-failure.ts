import type { FileError } from '@netpilot/control-plane/contract/files.ts';
import { failureOf, FileFailure } from '../file-failure.ts';
import { PacketError, STATUS } from './packets.ts';
import { StatusError } from './sftp-client.ts';

const ERRORS: Readonly<Record<number, FileError>> = {
  [STATUS.noSuchFile]: 'vanished',
  [STATUS.permissionDenied]: 'permission',
  [STATUS.badMessage]: 'name_too_long',
  [STATUS.unsupported]: 'not_supported',
};

/** @returns what a thrown thing says of a file; what is none of the server's answers stays what it is. */
export function sftpFailure(error: unknown): unknown {
  if (error instanceof PacketError) return new FileFailure('failed', 'The SFTP server sent what cannot be read.');
  if (!(error instanceof StatusError)) return error;
  // OpenSSH says no more than "Failure"; others say it in words.
  const worded = failureOf(error.message);
  return new FileFailure(ERRORS[error.status] ?? worded.file, error.message);
}
