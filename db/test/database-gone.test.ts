import { expect, test } from '@jest/globals';
import { isDatabaseGone } from '../database-gone.ts';

const withFields = (message: string, fields: object) => Object.assign(new Error(message), fields);

test('knows a server that is away, however the error is wrapped', () => {
  const gone = [
    withFields('terminating connection', { code: '57P01' }),
    withFields('starting up', { code: '57P03' }),
    withFields('broken', { code: '08006' }),
    withFields('connect ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' }),
    new Error('Connection terminated unexpectedly'),
    withFields('', { name: 'SequelizeConnectionRefusedError' }),
  ];
  for (const error of gone) {
    expect(isDatabaseGone(error)).toBe(true);
    expect(isDatabaseGone(new Error('while saving', { cause: error }))).toBe(true);
    expect(isDatabaseGone(withFields('wrapped', { parent: error }))).toBe(true);
    expect(isDatabaseGone(new AggregateError([error]))).toBe(true);
  }
});

test('takes nothing else for it', () => {
  const others = [
    withFields('duplicate key', { code: '23505', name: 'SequelizeUniqueConstraintError' }),
    withFields('no such file', { code: 'ENOENT', syscall: 'open' }),
    withFields('refused', { code: '42501' }),
    new Error('Connection to the router failed'),
    { code: '57P01' },
    null,
    'ECONNREFUSED',
  ];
  for (const error of others) expect(isDatabaseGone(error)).toBe(false);
  const circular = new Error('round');
  circular.cause = circular;
  expect(isDatabaseGone(circular)).toBe(false);
});
