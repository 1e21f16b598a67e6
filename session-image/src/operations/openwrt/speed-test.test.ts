import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SpeedTestInput, SpeedTestResult } from '@netpilot/control-plane/contract/operations/line.ts';
import { OperationFailure } from '../problem.ts';
import { parseDownload, parseIperf, parseLibrespeed, parseNetperf, parsePing } from './speed-test.ts';

test('librespeed-cli: a list of one result', () => {
  const answer = `[{"timestamp":"2026-11-21T15:36:27Z","server":{"name":"Frankfurt, Germany","url":"http://example.test/"},
"client":{"ip":"203.0.113.2"},"bytes_sent":986,"bytes_received":602,"ping":12.5,"jitter":0.1,"upload":40.01,"download":95.67,"share":""}]`;
  expect(SpeedTestResult.parse(parseLibrespeed(answer))).toEqual({
    tool: 'librespeed-cli',
    downMbps: 95.67,
    upMbps: 40.01,
    pingMs: 12.5,
    jitterMs: 0.1,
    server: 'Frankfurt, Germany',
    notes: [],
  });
  expect(() => parseLibrespeed('[]')).toThrow(OperationFailure);
});

test('speedtest-netperf: the summary', () => {
  const answer = `2026-11-21 15:36:27 Starting speedtest for 10 seconds per transfer session.
Measure speed to netperf.example.test (IPv4) while pinging netperf.example.test.
 Download: 297.42 Mbps
  Latency: [in msec, 11 pings, 0.00% packet loss]
      Min:  11.020
   Median:  12.340
      Max:  19.110
   Upload:  40.90 Mbps
`;
  expect(parseNetperf(answer, 'netperf.example.test')).toMatchObject({ downMbps: 297.42, upMbps: 40.9, pingMs: 12.34 });
  expect(() => parseNetperf('netperf: not found', null)).toThrow(OperationFailure);
});

test('iperf3: the sum that arrived, or its own words', () => {
  expect(parseIperf('{"end":{"sum_received":{"bits_per_second":94200000}}}', 'sum_received')).toBeCloseTo(94.2);
  const refused = () => parseIperf('{"error":"unable to connect to server"}', 'sum_received');
  expect(refused).toThrow(OperationFailure);
});

test('wget and ping: bytes over hundredths of a second, the middle of three', () => {
  expect(parseDownload('100.25 110.25 12500000\n')).toBeCloseTo(10);
  expect(() => parseDownload('100.25 110.25 0\n')).toThrow(OperationFailure);
  expect(parsePing('round-trip min/avg/max = 10.1/12.5/20.0 ms')).toBe(12.5);
  expect(parsePing('rtt min/avg/max/mdev = 0.1/0.2/0.3/0.01 ms')).toBe(0.2);
  expect(parsePing('100% packet loss')).toBeNull();
});

test('nothing that a person gives is read as an option', () => {
  for (const host of ['-h', '$(reboot)', "a'b", 'a b', ''])
    expect(SpeedTestInput.safeParse({ host }).success).toBe(false);
  for (const url of ['-O/etc/passwd', 'file:///etc/shadow', "http://a/'$(id)' x", 'ftp://a/'])
    expect(SpeedTestInput.safeParse({ url }).success).toBe(false);
  expect(SpeedTestInput.parse({ host: '[2001:db8::1]', url: 'https://a.test/10M?x=1' })).toBeTruthy();
});

test('whatever a tool says is a result or a typed error', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
  fc.assert(
    fc.property(text, (said) => {
      for (const parse of [
        parseLibrespeed,
        (t: string) => parseNetperf(t, null),
        parseDownload,
        (t: string) => parseIperf(t, 'sum_sent'),
      ]) {
        try {
          parse(said);
        } catch (error) {
          expect(error).toBeInstanceOf(OperationFailure);
        }
      }
    }),
  );
});
