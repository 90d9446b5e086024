-- One row per document and event that it itemises, for accounts that want it: what was not itemised before.
with bill_run as (

    select
        bill_date,
        window_start
    from {{ ref('bill_run') }}

),

documents as (

    select
        numbers.document_number,
        numbers.account_id,
        numbers.bill_date,
        accounts.itemisation
    from {{ ref('int_document_numbers') }} as numbers
    inner join {{ ref('accounts') }} as accounts
        on numbers.account_id = accounts.account_id
    where accounts.itemisation in ('masked', 'full')

),

rated as (

    select
        rated_usage.usage_event_id,
        rated_usage.account_id,
        rated_usage.subscription_id,
        rated_usage.bill_date,
        coalesce(max(case when rated_usage.part_number = 1 then rated_usage.charge_name end), min(rated_usage.service))
            as charge_name,
        sum(case when rated_usage.allowance_grant_id is not null then rated_usage.quantity else 0 end)
            as included_quantity,
        sum(case when rated_usage.allowance_grant_id is null then rated_usage.billed_quantity else 0 end)
            as billed_quantity,
        sum(rated_usage.amount) as amount
    from {{ ref('rated_usage') }} as rated_usage
    cross join bill_run
    where
        rated_usage.bill_date > bill_run.window_start
        and rated_usage.bill_date <= bill_run.bill_date
        and exists (
            select 1 from documents where documents.account_id = rated_usage.account_id
        )
    group by
        rated_usage.usage_event_id, rated_usage.account_id, rated_usage.subscription_id, rated_usage.bill_date

),

-- the period of the bill, and earlier ones of which a usage line is on it
billed_usage as (

    select distinct
        account_id,
        subscription_id,
        period_end
    from {{ ref('draft_invoice_lines') }}
    where
        bill_date = {{ bill_date() }}
        and charge_kind = 'usage'

),

credited_documents as (

    select distinct credited_document_number as document_number
    from {{ ref('int_billed_documents') }}
    where credited_document_number is not null

),

itemised as (

    select distinct issued_usage.usage_event_id
    from {{ itemised_so_far() }} as issued_usage
    left join credited_documents
        on issued_usage.document_number = credited_documents.document_number
    where credited_documents.document_number is null

),

to_itemise as (

    select
        documents.document_number,
        documents.itemisation,
        rated.*
    from rated
    inner join documents
        on rated.account_id = documents.account_id
    left join billed_usage
        on
            rated.account_id = billed_usage.account_id
            and rated.subscription_id = billed_usage.subscription_id
            and rated.bill_date = billed_usage.period_end
    left join itemised
        on rated.usage_event_id = itemised.usage_event_id
    where
        itemised.usage_event_id is null
        and (rated.bill_date = documents.bill_date or billed_usage.account_id is not null)

),

unlisted as (

    select
        prefix,
        exact,
        zone,
        destination,
        valid_from,
        valid_to
    from {{ ref('prefixes') }}
    where unlisted

),

-- who pays need not learn whom somebody called for help: emergency and free numbers stay off masked
-- lists (Directive (EU) 2018/1972, annex VI, part A, a)
left_out as (

    select distinct to_itemise.usage_event_id
    from to_itemise
    inner join {{ ref('usage_events') }} as events
        on to_itemise.usage_event_id = events.usage_event_id
    cross join {{ ref('operator') }} as operator
    inner join unlisted
        on
            events.zone = unlisted.zone
            and events.destination = unlisted.destination
            and cast(events.local_started_at as date) >= unlisted.valid_from
            and cast(events.local_started_at as date) < unlisted.valid_to
            and unlisted.prefix = case
                when unlisted.exact then {{ digits_only('events.other_party') }}
                else left(
                    {{ e164_digits(
                        'events.other_party', 'operator.country_code', 'operator.national_prefix',
                        'operator.international_prefix'
                    ) }},
                    length(unlisted.prefix)
                )
            end
    where to_itemise.itemisation = 'masked'

),

described as (

    select
        to_itemise.document_number,
        to_itemise.account_id,
        to_itemise.subscription_id,
        to_itemise.usage_event_id,
        events.service,
        events.direction,
        case
            when to_itemise.itemisation = 'full' then events.other_party
            else {{ masked_number('events.other_party', 'operator.mask_digits') }}
        end as other_party,
        events.destination,
        events.zone,
        events.visited_zone,
        to_itemise.charge_name,
        events.local_started_at,
        cast(events.quantity as bigint) as quantity,
        cast(to_itemise.included_quantity as bigint) as included_quantity,
        cast(to_itemise.billed_quantity as bigint) as billed_quantity,
        cast(to_itemise.amount as decimal(18, 6)) as amount
    from to_itemise
    inner join {{ ref('usage_events') }} as events
        on to_itemise.usage_event_id = events.usage_event_id
    cross join {{ ref('operator') }} as operator
    left join left_out
        on to_itemise.usage_event_id = left_out.usage_event_id
    where left_out.usage_event_id is null

),

positioned as (

    select
        document_number,
        account_id,
        subscription_id,
        usage_event_id,
        cast(
            row_number() over (
                partition by document_number
                order by
                    subscription_id asc nulls last,
                    local_started_at asc nulls last,
                    usage_event_id asc nulls last
            ) as bigint
        ) as position,
        service,
        direction,
        other_party,
        destination,
        zone,
        visited_zone,
        charge_name,
        local_started_at,
        quantity,
        included_quantity,
        billed_quantity,
        amount
    from described

)

select * from positioned
