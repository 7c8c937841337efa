/** A grant for those who may not change it. */
import { useTranslation } from 'react-i18next';
import type { Template } from '../api/client';
import { Details } from '../parts/Details';
import { number } from '../parts/time';
import { Needs } from '../templates/Needs';
import { Rights } from '../templates/Rights';
import type { Right } from '../templates/rights';
import { measure } from './LimitFields';
import { LIMITS, type Limits } from './limits';

interface Props {
  version: { needs: Template['needs'] };
  rights: Right[];
  limits: Limits;
  isRetired: boolean;
}

export function ReadOnly({ version, rights, limits, isRetired }: Props) {
  const { t } = useTranslation();
  const set = LIMITS.filter((name) => limits[name] != null);
  return (
    <>
      <div className="sg-note sg-spaced">
        <p>{isRetired ? t('grant.retired') : t('grant.read_only')}</p>
      </div>
      <div className="sg-two">
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('grant.rights')}</h2>
          <Rights rights={rights} />
          <h2 className="sg-panel-title sg-spaced-above">{t('grant.limits')}</h2>
          {set.length === 0 ? (
            <p className="sg-soft">{t('grant.as_configured')}</p>
          ) : (
            <Details
              rows={set.map((name) => [
                t(`grant.limit.${name}`),
                measure(name, limits[name] ?? 0) ?? number(limits[name] ?? 0),
              ])}
            />
          )}
        </section>
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('templates.needs')}</h2>
          <Needs template={version} />
        </section>
      </div>
    </>
  );
}
