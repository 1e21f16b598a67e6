import { useParams } from 'react-router';
import { useOrganisations, useSignedIn } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { BackLink, LinkButton } from '../../shell/links.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { Page } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { Members } from './members.tsx';
import { OrganisationSettings } from './organisation-settings.tsx';
import { PolicySection } from './policy-section.tsx';
import { administers } from './rights.ts';

/** Members of one organisation, and its settings for those who may change them. */
export function OrganisationPage() {
  const { organisationId = '' } = useParams();
  const me = useSignedIn();
  const organisations = useOrganisations();
  const organisation = organisations.data?.items.find(({ id }) => id === organisationId);
  const back = <BackLink to={paths.organisations()}>Organisations</BackLink>;
  if (!organisation) {
    return (
      <Page title="Organisation" back={back}>
        {organisations.isPending && <LoadingRows />}
        <Trouble
          error={organisations.error ?? (organisations.isSuccess ? new Error('You are not a member of it.') : null)}
          retry={() => void organisations.refetch()}
        />
      </Page>
    );
  }
  const mayChange = administers(me, organisationId);
  return (
    <Page
      title={organisation.name}
      width={860}
      back={back}
      actions={
        (mayChange || me.platformAdministrator) && (
          <>
            <LinkButton to={paths.recordings({ organisationId })} variant="default" mih={44}>
              Recordings
            </LinkButton>
            <LinkButton to={paths.audit(organisationId)} variant="default" mih={44}>
              Audit
            </LinkButton>
          </>
        )
      }
    >
      <Members organisationId={organisationId} mayChange={mayChange} />
      <PolicySection organisationId={organisationId} mayChange={mayChange} />
      {mayChange && <OrganisationSettings key={organisation.id} organisation={organisation} />}
    </Page>
  );
}
