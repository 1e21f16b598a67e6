import type { Router } from '@netpilot/control-plane/contract/routers.ts';
import { Box } from '@mantine/core';
import { type ComponentType, useEffect, useMemo, useRef } from 'react';
import { Link, useParams } from 'react-router';
import { useRouter, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink } from '../../shell/links.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { NotFoundPage } from '../../shell/not-found.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { DevicesSection } from '../devices/devices-section.tsx';
import { mayChangeRouter, operates } from '../organisations/rights.ts';
import { RouterStateLine } from '../routers/router-state.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import { DriftNotice } from './drift-notice.tsx';
import { GroupsSection } from './groups-section.tsx';
import { HistorySection } from './history-section.tsx';
import { LimitsSection } from './limits-section.tsx';
import { NetworkContext, useNetwork } from './network-context.tsx';
import './operations.css';
import { OverviewSection } from './overview-section.tsx';
import { RunningNotice } from './running-notice.tsx';
import { SECTIONS, type SectionId } from './sections.ts';
import { SpeedSection } from './speed-section.tsx';
import { SystemSection } from './system-section.tsx';
import { UsageSection } from './usage-section.tsx';
import { useOwnSession } from './use-own-session.ts';
import { WifiSection } from './wifi-section.tsx';

const CONTENT: Record<SectionId, ComponentType> = {
  overview: OverviewSection,
  devices: DevicesSection,
  groups: GroupsSection,
  limits: LimitsSection,
  wifi: WifiSection,
  speed: SpeedSection,
  usage: UsageSection,
  system: SystemSection,
  history: HistorySection,
};

/** A router's network: managed in the person's own session, which starts when they come. */
export function NetworkPage() {
  const { routerId = '' } = useParams();
  const router = useRouter(routerId);
  if (router.data) return <Loaded key={routerId} router={router.data} />;
  return (
    <Page title="Network" back={<BackLink to={paths.routers()}>Routers</BackLink>}>
      {router.error ? <Trouble error={router.error} retry={() => void router.refetch()} /> : <LoadingRows />}
    </Page>
  );
}

function Loaded({ router }: { router: Router }) {
  const me = useSignedIn();
  const { section = 'overview' } = useParams();
  const mayOperate = operates(me, router.organisationId);
  const mayConfigure = mayChangeRouter(me, router);
  const own = useOwnSession(router, mayOperate);
  const network = useMemo(() => ({ router, own, mayOperate, mayConfigure }), [router, own, mayOperate, mayConfigure]);
  const current = SECTIONS.find(({ id }) => id === section);
  if (!current) return <NotFoundPage />;
  const Content = CONTENT[current.id];
  return (
    <NetworkContext value={network}>
      <Page
        title={router.name}
        back={<BackLink to={paths.router(router.id)}>Router</BackLink>}
        lead={<RouterStateLine router={router} />}
      >
        <ConnectionBar />
        <Parts current={current.id} />
        <RunningNotice />
        <DriftNotice />
        <Box role="region" aria-label={current.label}>
          <Content />
        </Box>
      </Page>
    </NetworkContext>
  );
}

function Parts({ current }: { current: SectionId }) {
  const { router } = useNetwork();
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    const tab = list.current?.querySelector('[aria-current="page"]');
    tab?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [current]);
  return (
    <nav ref={list} aria-label="Parts of the network" className="np-tabs">
      {SECTIONS.map(({ id, label, Icon }) => (
        <Link
          key={id}
          to={paths.network(router.id, id)}
          className="np-tab"
          aria-current={id === current ? 'page' : undefined}
          replace
        >
          <Icon size={18} aria-hidden />
          {label}
        </Link>
      ))}
    </nav>
  );
}
