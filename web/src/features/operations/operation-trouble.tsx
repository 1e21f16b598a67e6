import type { OperationPackage } from '@netpilot/control-plane/contract/operations/maintenance.ts';
import { Button } from '@mantine/core';
import { Notice } from '../../shell/notice.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';
import { offeredPackages } from './offered-packages.ts';
import { useOperation } from './use-operation.ts';

/** What the router made of an operation; where it lacks a package, the way to install it. */
export function OperationTrouble({ error }: { error: unknown }) {
  const { mayConfigure } = useNetwork();
  const offered = offeredPackages(error);
  return (
    <>
      <Trouble error={error} />
      {mayConfigure && offered.length > 0 && <InstallOffer packages={offered} />}
    </>
  );
}

function InstallOffer({ packages }: { packages: OperationPackage[] }) {
  const { own } = useNetwork();
  const install = useOperation('packages.install');
  const names = packages.join(', ');
  if (install.isSuccess) return <Notice tone="info">{names} is being installed. Try again when that is done.</Notice>;
  return (
    <>
      <Button
        variant="default"
        mih={44}
        disabled={!own.live}
        loading={install.isPending}
        onClick={() => install.mutate({ names: packages })}
      >
        Install {names}
      </Button>
      <Trouble error={install.error} />
    </>
  );
}
