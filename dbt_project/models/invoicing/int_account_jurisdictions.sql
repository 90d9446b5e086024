-- One row per account of the run: the tax jurisdiction whose rates it bears, and why it bears none.
with known as (

    select distinct jurisdiction from {{ ref('taxes') }}

),

candidates as (

    select
        accounts.account_id,
        accounts.tax_exempt_reason,
        case
            when instr(accounts.tax_jurisdiction, '-') > 0 or accounts.region is null then accounts.tax_jurisdiction
            else accounts.tax_jurisdiction || '-' || accounts.region
        end as region_jurisdiction,
        split_part(accounts.tax_jurisdiction, '-', 1) as country_jurisdiction
    from {{ ref('accounts') }} as accounts
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day

),

-- the most specific one that has rows wins, whatever the category
chosen as (

    select
        candidates.account_id,
        candidates.tax_exempt_reason,
        coalesce(known.jurisdiction, candidates.country_jurisdiction) as jurisdiction
    from candidates
    left join known
        on candidates.region_jurisdiction = known.jurisdiction

)

select * from chosen
