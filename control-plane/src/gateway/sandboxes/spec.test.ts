import { describe, expect, test } from '@jest/globals';
import { sandboxOptions } from './spec.ts';

const spec = {
  sandboxId: '7b8f0f0e-3f3e-4f0e-9a51-0d2f3a4b5c6d',
  instance: 'abc',
  imageId: `sha256:${'a'.repeat(64)}`,
  directory: '/run/netpilot/sessions/7b8f0f0e-3f3e-4f0e-9a51-0d2f3a4b5c6d',
};
const options = sandboxOptions(spec);
const host = options.HostConfig;

describe('the specification of a sandbox', () => {
  test.each<[string, unknown, unknown]>([
    ['runs the image by its content address', options.Image, spec.imageId],
    ['has no network', [host.NetworkMode, host.PortBindings, options.NetworkingConfig], ['none', undefined, undefined]],
    ['drops every capability and adds none', [host.CapDrop, host.CapAdd], [['ALL'], undefined]],
    ['gains no privilege and keeps the default seccomp profile', host.SecurityOpt, ['no-new-privileges:true']],
    [
      'is not privileged and shares no namespace',
      [host.Privileged, host.PidMode, host.UTSMode, host.UsernsMode],
      [false, undefined, undefined, undefined],
    ],
    ['has private ipc and cgroup namespaces', [host.IpcMode, host.CgroupnsMode], ['none', 'private']],
    ['has a read-only root', host.ReadonlyRootfs, true],
    ['runs as a fixed unprivileged user', [options.User, host.GroupAdd], ['65532:65532', undefined]],
    ['bounds processes', host.PidsLimit, 64],
    ['bounds memory without swap', [host.Memory, host.MemorySwap], [201_326_592, 201_326_592]],
    ['goes first when memory runs out, and may be killed', [host.OomScoreAdj, host.OomKillDisable], [500, undefined]],
    ['bounds the processor', [host.NanoCpus, host.CpuShares], [1_000_000_000, 256]],
    ['has no devices', host.Devices, []],
    ['logs nothing', host.LogConfig, { Type: 'none', Config: {} }],
    [
      'is not restarted and not removed behind our back',
      [host.RestartPolicy, host.AutoRemove],
      [{ Name: 'no' }, false],
    ],
    ['reaps its children and stops soon', [host.Init, options.StopTimeout], [true, 2]],
    ['has a host name that says nothing', options.Hostname, 'sandbox'],
    ['has an environment that says nothing', options.Env, ['HOME=/tmp']],
    ['leaves the command to the image', [options.Cmd, options.Entrypoint], [undefined, undefined]],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  test('core dumps are off and open files, processes and file sizes bounded', () => {
    const limits = Object.fromEntries((host.Ulimits ?? []).map(({ Name, Hard }) => [Name, Hard]));
    expect(limits).toEqual({ nofile: 1_024, core: 0, fsize: 16_777_216 });
  });

  test('only /tmp can be written, small and without programs', () => {
    expect(Object.keys(host.Tmpfs ?? {})).toEqual(['/tmp']);
    const flags = (host.Tmpfs?.['/tmp'] ?? '').split(',');
    expect(flags).toEqual(expect.arrayContaining(['noexec', 'nosuid', 'nodev', 'size=16m', 'nr_inodes=1k']));
  });

  test('only the session directory is mounted, read-only', () => {
    expect(host.Binds).toBeUndefined();
    expect(host.VolumesFrom).toBeUndefined();
    expect(host.Mounts).toEqual([
      {
        Type: 'bind',
        Source: spec.directory,
        Target: '/session',
        ReadOnly: true,
        BindOptions: { Propagation: 'rprivate' },
      },
    ]);
  });

  test('labels find it again and name no tenant', () => {
    expect(options.Labels).toEqual({
      netpilot: 'session',
      'netpilot.instance': 'abc',
      'netpilot.sandbox': spec.sandboxId,
    });
  });

  test.each(['netpilot-session', 'netpilot-session:latest', 'sha256:abc', ''])(
    'refuses the image name %p',
    (imageId) => {
      expect(() => sandboxOptions({ ...spec, imageId })).toThrow(RangeError);
    },
  );
});
