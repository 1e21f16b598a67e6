import { IconMapOff } from '@tabler/icons-react';
import { paths } from '../routes/paths.ts';
import { LinkButton } from './links.tsx';
import { Empty } from './loading.tsx';
import { Page } from './page.tsx';

/** An address of nothing. */
export function NotFoundPage() {
  return (
    <Page title="Nothing here">
      <Empty
        icon={<IconMapOff size={40} />}
        title="This page does not exist"
        action={<LinkButton to={paths.routers()}>Go to your routers</LinkButton>}
      >
        The address may be mistyped, or what it showed was deleted.
      </Empty>
    </Page>
  );
}
