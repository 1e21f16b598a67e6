import type { OperationArguments, OperationName } from '../../../contract/operations/catalogue.ts';

const MAX_SUBJECT = 80;

type Subjects = { readonly [N in OperationName]?: (input: OperationArguments<N>) => string };

/** Of operations that are about something: what. Written by hand, so that a key or a text never gets there by itself. */
const SUBJECTS: Subjects = {
  'access.block': ({ mac }) => mac,
  'access.unblock': ({ mac }) => mac,
  'access.list': ({ mode, add, remove }) =>
    [mode, ...add.map((mac) => `+${mac}`), ...remove.map((mac) => `-${mac}`)].join(' '),
  'access.rates': ({ mode }) => mode,
  'access.mode': ({ mode }) => mode ?? 'none',
  'access.group': ({ group }) => group.name,
  'access.delete_group': ({ id }) => `group ${id}`,
  'wifi.change': ({ radios, networks }) => [...radios, ...networks].map(({ section }) => section).join(' '),
  'config.apply': ({ files }) => files.map(({ name }) => name).join(' '),
  'packages.install': ({ names }) => names.join(' '),
  'packages.remove': ({ names }) => names.join(' '),
};

/** @returns what an operation is about, for history and audit; null where it is the whole router. */
export function subjectOf<N extends OperationName>(name: N, input: OperationArguments<N>): string | null {
  const subject = (SUBJECTS[name] as ((input: OperationArguments<N>) => string) | undefined)?.(input) ?? '';
  return subject === '' ? null : [...subject].slice(0, MAX_SUBJECT).join('');
}
