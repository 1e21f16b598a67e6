import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { SESSION_DIRECTORY } from '../../../contract/agent.ts';

/** All that differs between two sandboxes. */
export interface SandboxSpec {
  sandboxId: string;
  /** Separates several gateways on one engine. */
  instance: string;
  /** `sha256:…`: never a name, so that nothing is pulled and nothing changes under a running gateway. */
  imageId: string;
  /** Absolute path on this machine of the sandbox's own directory. */
  directory: string;
}

/** The engine's create call; `CgroupnsMode` is in API 1.41 but not in dockerode's types. */
export type SandboxOptions = ContainerCreateOptions & { HostConfig: HostConfig & { CgroupnsMode: 'private' } };

const MEBIBYTE = 1_048_576;
const MEMORY = 192 * MEBIBYTE;

/**
 * The one closed specification of a sandbox. Pure: nothing about a tenant, person or session can be said to it, so nothing of them can
 * end in an environment, label or command line.
 * @throws RangeError when the image is not a content address.
 */
export function sandboxOptions(spec: SandboxSpec): SandboxOptions {
  if (!/^sha256:[0-9a-f]{64}$/u.test(spec.imageId)) throw new RangeError('a sandbox runs an image by its digest only');
  return {
    name: `netpilot-${spec.instance}-${spec.sandboxId}`,
    Image: spec.imageId,
    Hostname: 'sandbox',
    User: '65532:65532',
    Env: ['HOME=/tmp'],
    Labels: { netpilot: 'session', 'netpilot.instance': spec.instance, 'netpilot.sandbox': spec.sandboxId },
    Tty: false,
    OpenStdin: false,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    StopTimeout: 2,
    HostConfig: {
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      // The engine's own seccomp profile stays in force: it is only ever left by naming another one here.
      SecurityOpt: ['no-new-privileges:true'],
      Privileged: false,
      ReadonlyRootfs: true,
      PidsLimit: 64,
      Memory: MEMORY,
      MemorySwap: MEMORY,
      OomScoreAdj: 500,
      NanoCpus: 1_000_000_000,
      CpuShares: 256,
      // No `nproc`: the kernel counts it by user over all sandboxes together, so that a handful of them would use it up. PidsLimit is ours.
      Ulimits: [
        { Name: 'nofile', Soft: 1_024, Hard: 1_024 },
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'fsize', Soft: 16 * MEBIBYTE, Hard: 16 * MEBIBYTE },
      ],
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=16m,nr_inodes=1k,mode=0700,uid=65532,gid=65532' },
      Mounts: [
        {
          Type: 'bind',
          Source: spec.directory,
          Target: SESSION_DIRECTORY,
          ReadOnly: true,
          BindOptions: { Propagation: 'rprivate' },
        },
      ],
      Devices: [],
      IpcMode: 'none',
      CgroupnsMode: 'private',
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      Init: true,
    },
  };
}
