"""A set of expressions says whose labels it holds; that of FER-2013 those of FER-2013."""

from typing import Any

from django.db import migrations, models


def _name_those_of_fer2013(apps: Any, schema_editor: Any) -> None:
    apps.get_model("evaluation", "EvaluationSet").objects.filter(source="fer2013").update(emotion_labels="fer2013")


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="evaluationset",
            name="emotion_labels",
            field=models.CharField(
                choices=[("crowd", "crowd"), ("fer2013", "fer2013")],
                default="crowd",
                max_length=20,
                verbose_name="whose labels",
            ),
        ),
        migrations.RunPython(_name_those_of_fer2013, migrations.RunPython.noop),
    ]
