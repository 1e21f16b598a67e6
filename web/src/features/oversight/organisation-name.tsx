import { useOrganisation } from '../../api/queries.ts';

/** The name of an organisation, also of one that this person is no member of; its id while that is not known. */
export function OrganisationName({ id }: { id: string }) {
  return useOrganisation(id).data?.name ?? id.slice(0, 8);
}
