"""The question that the row policies of role grants ask: does the actor hold the role admin now?

A function, because a table's policy must not read the table itself; it runs as its caller, who may read his own grants.
"""

from typing import ClassVar

from django.db import migrations

CREATE = """
CREATE OR REPLACE FUNCTION accounts_actor_is_admin() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT 1 FROM accounts_rolegrant
        WHERE user_id = backline_actor() AND role = 'admin' AND revoked_at IS NULL
    );
END $$;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0002_mail_of_a_person")]

    operations: ClassVar = [migrations.RunSQL(CREATE, "DROP FUNCTION IF EXISTS accounts_actor_is_admin() CASCADE")]
