-- One row per sum that settles invoices and invoice it settles (8.1): the named invoice first, else
-- the oldest.
with owed as (

    select
        document_number,
        account_id,
        bill_date,
        amount_total
    from {{ ref('invoices') }}
    where amount_total > 0

),

credits as (

    select * from {{ ref('int_credits') }}
    where usable > 0

),

named_in_order as (

    select
        credits.credit_kind,
        credits.credit_id,
        credits.account_id,
        credits.usable,
        owed.document_number,
        owed.amount_total,
        sum(credits.usable) over (
            partition by owed.document_number
            order by
                -- what was credited can not be paid as well: credit notes come first
                case when credits.credit_kind = 'credit_note' then 1 else 2 end asc nulls last,
                credits.received_on asc nulls last,
                credits.credit_id asc nulls last
            rows between unbounded preceding and current row
        ) as running_usable
    from credits
    inner join owed
        on credits.account_id = owed.account_id
        and credits.named_document_number = owed.document_number

),

allotted_by_name as (

    select
        credit_kind,
        credit_id,
        document_number,
        least(running_usable, amount_total) - (running_usable - usable) as amount
    from named_in_order
    where running_usable - usable < amount_total

),

named_by_credit as (

    select
        credit_kind,
        credit_id,
        sum(amount) as amount
    from allotted_by_name
    group by credit_kind, credit_id

),

named_by_document as (

    select
        document_number,
        sum(amount) as amount
    from allotted_by_name
    group by document_number

),

-- Both sides laid end to end on one line per account: where two stretches overlap, one settles the other.
rest_of_credits as (

    select
        credits.credit_kind,
        credits.credit_id,
        credits.account_id,
        credits.usable - coalesce(named_by_credit.amount, 0) as rest,
        sum(credits.usable - coalesce(named_by_credit.amount, 0)) over (
            partition by credits.account_id
            order by
                credits.received_on asc nulls last,
                credits.credit_kind asc nulls last,
                credits.credit_id asc nulls last
            rows between unbounded preceding and current row
        ) as ends_at
    from credits
    left join named_by_credit
        on credits.credit_kind = named_by_credit.credit_kind
        and credits.credit_id = named_by_credit.credit_id

),

rest_of_owed as (

    select
        owed.document_number,
        owed.account_id,
        owed.amount_total - coalesce(named_by_document.amount, 0) as rest,
        sum(owed.amount_total - coalesce(named_by_document.amount, 0)) over (
            partition by owed.account_id
            order by owed.bill_date asc nulls last, owed.document_number asc nulls last
            rows between unbounded preceding and current row
        ) as ends_at
    from owed
    left join named_by_document
        on owed.document_number = named_by_document.document_number

),

allotted_to_oldest as (

    select
        rest_of_credits.credit_kind,
        rest_of_credits.credit_id,
        rest_of_owed.document_number,
        least(rest_of_credits.ends_at, rest_of_owed.ends_at) - greatest(
            rest_of_credits.ends_at - rest_of_credits.rest, rest_of_owed.ends_at - rest_of_owed.rest
        ) as amount
    from rest_of_credits
    inner join rest_of_owed
        on rest_of_credits.account_id = rest_of_owed.account_id
        and rest_of_credits.ends_at - rest_of_credits.rest < rest_of_owed.ends_at
        and rest_of_owed.ends_at - rest_of_owed.rest < rest_of_credits.ends_at
    where rest_of_credits.rest > 0 and rest_of_owed.rest > 0

),

allotted as (

    select
        credit_kind,
        credit_id,
        document_number,
        amount,
        true as is_by_name
    from allotted_by_name

    union all

    select
        credit_kind,
        credit_id,
        document_number,
        amount,
        false as is_by_name
    from allotted_to_oldest

),

dated as (

    select
        allotted.credit_kind,
        allotted.credit_id,
        allotted.document_number,
        credits.account_id,
        credits.currency_code,
        cast(allotted.amount as decimal(18, 3)) as amount,
        allotted.is_by_name,
        greatest(credits.received_on, owed.bill_date) as allotted_on
    from allotted
    inner join credits
        on allotted.credit_kind = credits.credit_kind
        and allotted.credit_id = credits.credit_id
    inner join owed
        on allotted.document_number = owed.document_number

)

select * from dated
