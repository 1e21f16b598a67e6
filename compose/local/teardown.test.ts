import { describe, expect, test } from '@jest/globals';
import { Teardown } from './teardown.ts';

describe('the way back', () => {
  test('goes in reverse, past what fails, and once', async () => {
    const teardown = new Teardown();
    const closed: string[] = [];
    teardown.own('first', async () => void closed.push('first'));
    teardown.own('second', async () => {
      throw new Error('stuck');
    });
    teardown.own('third', async () => void closed.push('third'));
    const told: string[] = [];
    await teardown.close((line) => told.push(line));
    await teardown.close((line) => told.push(line));
    expect(closed).toEqual(['third', 'first']);
    expect(told).toEqual(['The second did not stop in order: stuck']);
  });
});
